import { encodeName } from '../dns/message.ts';

/** A question as clients send it; `udpBytesMax` adds EDNS0. */
export function questionPacket(
  name: string,
  type: number,
  options: { id?: number; udpBytesMax?: number } = {},
): Buffer {
  const { id = 0x1234, udpBytesMax } = options;
  const header = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, udpBytesMax === undefined ? 0 : 1]);
  const opt = udpBytesMax === undefined ? [] : [0, 0, 41, udpBytesMax >> 8, udpBytesMax & 255, 0, 0, 0, 0, 0, 0];
  // Upper case must survive here: names are compared without it.
  const labels = name.split('.').flatMap((label) => [Buffer.of(label.length), Buffer.from(label)]);
  const encoded = name === '' ? encodeName('') : Buffer.concat([...labels, Buffer.of(0)]);
  return Buffer.concat([header, encoded, Buffer.from([type >> 8, type & 255, 0, 1, ...opt])]);
}
