import { spawn } from 'node:child_process';

export type CommandResult = { code: number; stdout: string; stderr: string };
/** Runs a program with exact arguments, never through a shell. Rejects only when it cannot be started or hangs. */
export type RunCommand = (file: string, args: string[], input?: string) => Promise<CommandResult>;

const timeoutMs = 30_000;
const outputBytesMax = 64 * 1024 * 1024;

export const runCommand: RunCommand = (file, args, input = '') =>
  new Promise((resolve, reject) => {
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], timeout: timeoutMs, killSignal: 'SIGKILL' });
    const output: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] };
    let bytes = 0;
    for (const name of ['stdout', 'stderr'] as const)
      child[name].on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= outputBytesMax) output[name].push(chunk);
        else child.kill('SIGKILL');
      });
    child.once('error', (cause) => reject(new Error(`cannot run ${file}: ${explain(file, cause)}`, { cause })));
    child.once('close', (code) => {
      const text = (name: 'stdout' | 'stderr') => Buffer.concat(output[name]).toString('utf8');
      if (code === null) reject(new Error(`${file} was stopped: it took over ${timeoutMs / 1000} s or wrote too much`));
      else resolve({ code, stdout: text('stdout'), stderr: text('stderr') });
    });
    // A program that exits early closes its input; its exit code says what went wrong.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });

function explain(file: string, cause: Error): string {
  if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') return cause.message;
  return `it is not installed (on Debian: apt-get install ${packages[file] ?? file})`;
}

const packages: Record<string, string> = { nft: 'nftables', ip: 'iproute2', sysctl: 'procps' };

/** As RunCommand, but a non-zero exit code is an error that says what the program said. */
export async function mustRun(run: RunCommand, file: string, args: string[], input?: string): Promise<string> {
  const { code, stdout, stderr } = await run(file, args, input);
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} failed (${code}): ${stderr.trim().slice(0, 2000)}`);
  return stdout;
}
