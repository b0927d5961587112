/** What the dynamic loader would read of an ELF file: its interpreter and the libraries it names. */
export type Needs = { interpreter: string | undefined; libraries: string[] };

const programTypes = { load: 1, dynamic: 2, interpreter: 3 };
const dynamicTags = { end: 0n, needed: 1n, stringTable: 5n };

/** Undefined for what is no 64-bit little-endian ELF file, such as a script. Throws RangeError when it is cut off. */
export function needsOf(bytes: Buffer): Needs | undefined {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46 || bytes[4] !== 2 || bytes[5] !== 1) return undefined;
  const number = (at: number) => Number(bytes.readBigUInt64LE(at));
  const text = (at: number) => bytes.toString('latin1', at, bytes.indexOf(0, at));
  const [tableAt, entryBytes, count] = [number(32), bytes.readUInt16LE(54), bytes.readUInt16LE(56)];
  const programs = Array.from({ length: count }, (_, index) => {
    const at = tableAt + index * entryBytes;
    return { type: bytes.readUInt32LE(at), offset: number(at + 8), address: number(at + 16), size: number(at + 32) };
  });
  const interpreter = programs.find(({ type }) => type === programTypes.interpreter);
  const dynamic = programs.find(({ type }) => type === programTypes.dynamic);
  const found: Needs = { interpreter: interpreter && text(interpreter.offset), libraries: [] };
  if (dynamic === undefined) return found;
  const names: number[] = [];
  let strings = 0;
  for (let at = dynamic.offset; at < dynamic.offset + dynamic.size; at += 16) {
    const tag = bytes.readBigUInt64LE(at);
    if (tag === dynamicTags.end) break;
    if (tag === dynamicTags.needed) names.push(number(at + 8));
    if (tag === dynamicTags.stringTable) strings = number(at + 8);
  }
  // The table is named by its address in memory; a loaded segment says where that is in the file.
  const home = programs.find(
    ({ type, address, size }) => type === programTypes.load && strings >= address && strings < address + size,
  );
  if (home === undefined) return found;
  const base = strings - home.address + home.offset;
  return { ...found, libraries: names.map((name) => text(base + name)) };
}
