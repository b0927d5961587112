import { type Architecture, architecture, type OciImage, ociImage } from './oci.ts';

/**
 * The process that holds a pod's namespaces open. It blocks SIGINT, SIGTERM and SIGCHLD and waits for them: ends on
 * the first two, and on the third reaps every child, since it is process 1 where containers share their processes.
 */
const machineCode: Record<Architecture, string> = {
  amd64: `
    6802400100      push 1 << 1 | 1 << 14 | 1 << 16   ; SIGINT, SIGTERM, SIGCHLD: bit = signal - 1
    b80e000000      mov eax, 14                       ; rt_sigprocmask(SIG_BLOCK, set, 0, 8)
    31ff            xor edi, edi
    4889e6          mov rsi, rsp
    31d2            xor edx, edx
    41ba08000000    mov r10d, 8
    0f05            syscall
    b880000000      wait: mov eax, 128                ; rt_sigtimedwait(set, 0, 0, 8)
    4889e7          mov rdi, rsp
    31f6            xor esi, esi
    31d2            xor edx, edx
    41ba08000000    mov r10d, 8
    0f05            syscall
    83f811          cmp eax, 17
    740d            je reap
    85c0            test eax, eax
    78e3            js wait                           ; interrupted by something else
    b83c000000      mov eax, 60                       ; exit(0)
    31ff            xor edi, edi
    0f05            syscall
    b83d000000      reap: mov eax, 61                 ; wait4(-1, 0, WNOHANG, 0)
    bfffffffff      mov edi, -1
    31f6            xor esi, esi
    ba01000000      mov edx, 1
    4531d2          xor r10d, r10d
    0f05            syscall
    85c0            test eax, eax
    7fe6            jg reap
    ebbe            jmp wait`,
  arm64: `
    400088d2        mov x0, #0x4002                   ; the same signals
    2000a0f2        movk x0, #1, lsl #16
    e00f1ff8        str x0, [sp, #-16]!
    e81080d2        mov x8, #135                      ; rt_sigprocmask
    000080d2        mov x0, #0
    e1030091        mov x1, sp
    020080d2        mov x2, #0
    030180d2        mov x3, #8
    010000d4        svc #0
    281180d2        wait: mov x8, #137                ; rt_sigtimedwait
    e0030091        mov x0, sp
    010080d2        mov x1, #0
    020080d2        mov x2, #0
    030180d2        mov x3, #8
    010000d4        svc #0
    1f440071        cmp w0, #17
    a0000054        b.eq reap
    00ffff37        tbnz w0, #31, wait
    a80b80d2        mov x8, #93                       ; exit
    000080d2        mov x0, #0
    010000d4        svc #0
    882080d2        reap: mov x8, #260                ; wait4
    00008092        mov x0, #-1
    010080d2        mov x1, #0
    220080d2        mov x2, #1
    030080d2        mov x3, #0
    010000d4        svc #0
    1f000071        cmp w0, #0
    2cffff54        b.gt reap
    ecffff17        b wait`,
};

/** e_machine of the ELF header. */
const machines: Record<Architecture, number> = { amd64: 62, arm64: 183 };
const loadAddress = 0x400000;
const headerBytes = 64 + 56;

/** A static ELF executable: one header, one loadable segment, the code above. Needs no toolchain and no trust. */
export function pauseProgram(arch: Architecture): Buffer {
  const code = Buffer.from(machineCode[arch].replace(/^\s*([0-9a-f]+) .*$/gm, '$1').replace(/\s/g, ''), 'hex');
  const header = Buffer.alloc(headerBytes);
  const size = BigInt(headerBytes + code.length);
  header.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  header.writeUInt16LE(2, 16); // executable
  header.writeUInt16LE(machines[arch], 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(loadAddress + headerBytes), 24); // entry
  header.writeBigUInt64LE(64n, 32); // program headers
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64); // PT_LOAD
  header.writeUInt32LE(5, 68); // read, execute
  header.writeBigUInt64LE(BigInt(loadAddress), 80);
  header.writeBigUInt64LE(BigInt(loadAddress), 88);
  header.writeBigUInt64LE(size, 96);
  header.writeBigUInt64LE(size, 104);
  header.writeBigUInt64LE(0x10000n, 112); // arm64 kernels may have 64 KiB pages
  return Buffer.concat([header, code]);
}

/** `rempart.local` is no registry: the image is imported from memory and never pulled. */
export const pauseReference = 'rempart.local/pause:1';

/** The pause image for this machine, runs as nobody. */
export function pauseImage(arch: Architecture = architecture): OciImage {
  const program = { path: 'pause', mode: 0o555, kind: 'file', data: pauseProgram(arch) } as const;
  return ociImage(pauseReference, [[program]], { Entrypoint: ['/pause'], User: '65534:65534' }, arch);
}
