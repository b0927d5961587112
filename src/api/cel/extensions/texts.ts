import { type CelFunc, type CelList, library } from '../library.ts';
import type { Toolkit } from '../toolkit.ts';

/** Keys of JSON pointers; and what the library's own functions do at a cost that grows with the square of their arguments. */
export function texts({ func, method, types: { STRING, INT, LIST } }: Toolkit): CelFunc[] {
  return [
    // RFC 6901: a key as part of a path
    func('jsonpatch.escapeKey', [STRING], STRING, (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')),
    method(STRING, 'replace', [STRING, STRING], STRING, (text: string, part: string, by: string) =>
      text.split(part).join(by),
    ),
    method(STRING, 'replace', [STRING, STRING, INT], STRING, replaceSome),
    func('_+_', [LIST, LIST], LIST, (left: CelList, right: CelList) => library.cel.celList([...left, ...right])),
  ];
}

/** A negative count replaces all, as in Go. */
function replaceSome(text: string, part: string, by: string, count: bigint): string {
  const pieces = text.split(part);
  const replaced = count < 0n ? pieces.length - 1 : Math.min(Number(count), pieces.length - 1);
  const head = pieces.slice(0, replaced + 1).join(by);
  return [head, ...pieces.slice(replaced + 1)].join(part);
}
