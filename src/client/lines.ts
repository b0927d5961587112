/**
 * Splits a byte stream into lines. A line longer than `lengthMaxBytes` throws: a peer that never ends its line must
 * not fill our memory.
 */
export function createLineSplitter(lengthMaxBytes: number, onLine: (line: string) => void) {
  let parts: Buffer[] = [];
  let pendingBytes = 0;

  function keep(rest: Buffer): void {
    if (rest.length === 0) return;
    pendingBytes += rest.length;
    if (pendingBytes > lengthMaxBytes) throw new Error(`a line of the stream is longer than ${lengthMaxBytes} bytes`);
    parts.push(rest);
  }

  return function push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      const tail = chunk.subarray(start, end);
      start = end + 1;
      keep(tail);
      const line = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
      parts = [];
      pendingBytes = 0;
      if (line.length > 0) onLine(line.toString('utf8'));
    }
    keep(chunk.subarray(start));
  };
}
