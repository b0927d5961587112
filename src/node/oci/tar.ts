/** One entry of a layer. `path` is relative, without a leading slash; folders end with none either. */
export type TarEntry = {
  path: string;
  mode: number;
  /** Numeric owner and group, the same number; 0 when absent. */
  owner?: number;
} & ({ kind: 'file'; data: Buffer } | { kind: 'folder' } | { kind: 'link'; target: string });

const blockBytes = 512;
const types = { file: '0', folder: '5', link: '2' } as const;

/**
 * A POSIX ustar archive, the same bytes for the same entries: given order, time 0, no names of owners. Paths longer
 * than ustar's 100 + 155 bytes and links longer than 100 get a pax header (POSIX.1-2001), as every reader knows.
 */
export function tar(entries: TarEntry[]): Buffer {
  const parts: Buffer[] = [];
  for (const entry of entries) {
    const path = entry.kind === 'folder' ? `${entry.path}/` : entry.path;
    const target = entry.kind === 'link' ? entry.target : '';
    const data = entry.kind === 'file' ? entry.data : Buffer.alloc(0);
    const long = [...paxRecord('path', path), ...paxRecord('linkpath', target)].join('');
    if (long !== '') parts.push(...block('pax', 0o644, 0, 'x', '', Buffer.from(long)));
    parts.push(...block(path, entry.mode, entry.owner ?? 0, types[entry.kind], target, data));
  }
  parts.push(Buffer.alloc(2 * blockBytes));
  return Buffer.concat(parts);
}

/** `LENGTH key=value\n`, where LENGTH counts itself; only for what does not fit the old header. */
function paxRecord(key: string, value: string): string[] {
  if (Buffer.byteLength(value) <= 100) return [];
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length += 1;
  return [`${length} ${key}=${value}\n`];
}

function block(path: string, mode: number, owner: number, type: string, target: string, data: Buffer): Buffer[] {
  const header = Buffer.alloc(blockBytes);
  const octal = (value: number, at: number, width: number) =>
    header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at);
  header.write(path, 0, 100);
  octal(mode, 100, 8);
  octal(owner, 108, 8);
  octal(owner, 116, 8);
  octal(data.length, 124, 12);
  octal(0, 136, 12);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(target, 157, 100);
  header.write('ustar\x0000', 257);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((blockBytes - (data.length % blockBytes)) % blockBytes);
  return [header, data, padding];
}
