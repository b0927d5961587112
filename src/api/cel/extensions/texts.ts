import { type CelFunc, type CelList, library } from '../library.ts';
import type { Toolkit } from '../toolkit.ts';

/**
 * What the library's own functions of texts do otherwise than upstream's, or at a cost that grows with the square of their
 * arguments. Positions are counted in characters, not in their halves.
 * Source: https://github.com/google/cel-go/blob/master/ext/strings.go.
 */
export function texts({ func, method, types: { STRING, INT, LIST } }: Toolkit): CelFunc[] {
  const { celList } = library.cel;
  const list = (items: unknown[]) => celList(items as never);
  return [
    // RFC 6901: a key as part of a path
    func('jsonpatch.escapeKey', [STRING], STRING, (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')),
    method(STRING, 'charAt', [INT], STRING, (text: string, at: bigint) => {
      const characters = [...text];
      return at === BigInt(characters.length) ? '' : characters[within(at, characters.length)];
    }),
    method(STRING, 'indexOf', [STRING, INT], INT, indexOf),
    method(STRING, 'lastIndexOf', [STRING, INT], INT, lastIndexOf),
    method(STRING, 'indexOf', [STRING], INT, (text: string, part: string) => indexOf(text, part, 0n)),
    method(STRING, 'lastIndexOf', [STRING], INT, (text: string, part: string) => {
      const length = BigInt([...text].length);
      return part === '' || length === 0n ? length - (part === '' ? 0n : 1n) : lastIndexOf(text, part, length - 1n);
    }),
    method(STRING, 'replace', [STRING, STRING], STRING, (text: string, part: string, by: string) =>
      replaceSome(text, part, by, -1n),
    ),
    method(STRING, 'replace', [STRING, STRING, INT], STRING, replaceSome),
    method(STRING, 'split', [STRING], LIST, (text: string, part: string) => list(splitSome(text, part, -1n))),
    method(STRING, 'split', [STRING, INT], LIST, (text: string, part: string, most: bigint) =>
      list(splitSome(text, part, most)),
    ),
    method(STRING, 'substring', [INT], STRING, (text: string, start: bigint) => {
      const characters = [...text];
      return characters.slice(within(start, characters.length)).join('');
    }),
    method(STRING, 'substring', [INT, INT], STRING, (text: string, start: bigint, end: bigint) => {
      const characters = [...text];
      if (start > end) throw new Error(`invalid substring range. start: ${start}, end: ${end}`);
      return characters.slice(within(start, characters.length), within(end, characters.length)).join('');
    }),
    func('_+_', [LIST, LIST], LIST, (left: CelList, right: CelList) => celList([...left, ...right])),
  ];
}

/** A position that may stand behind the last character. */
function within(at: bigint, length: number): number {
  if (at < 0n || at > BigInt(length)) throw new Error(`index out of range: ${at}`);
  return Number(at);
}

function checkStart(start: bigint): void {
  if (start < 0n) throw new Error(`index out of range: ${start}`);
}

function indexOf(text: string, part: string, start: bigint): bigint {
  if (part === '') return start;
  checkStart(start);
  const skipped = [...text].slice(0, Number(start)).join('').length;
  const found = start > BigInt(text.length) ? -1 : text.indexOf(part, skipped);
  return BigInt(found < 0 ? -1 : [...text.slice(0, found)].length);
}

function lastIndexOf(text: string, part: string, start: bigint): bigint {
  if (part === '') return start;
  checkStart(start);
  const characters = [...text];
  if (start >= BigInt(characters.length)) return -1n;
  const found = text.lastIndexOf(part, characters.slice(0, Number(start)).join('').length);
  return BigInt(found < 0 ? -1 : [...text.slice(0, found)].length);
}

/** As Go's Replace: a negative count replaces all, and nothing stands before and behind every character. */
function replaceSome(text: string, part: string, by: string, count: bigint): string {
  const pieces = part === '' ? ['', ...text, ''] : text.split(part);
  if (part === '' && text === '') pieces.pop();
  const replaced = count < 0n ? pieces.length - 1 : Math.min(Number(count), pieces.length - 1);
  const head = pieces.slice(0, replaced + 1).join(by);
  return [head, ...pieces.slice(replaced + 1)].join(part);
}

/** As Go's SplitN: the last piece is what is left. */
function splitSome(text: string, part: string, most: bigint): string[] {
  if (most === 0n) return [];
  const pieces = part === '' ? [...text] : text.split(part);
  const count = Number(most);
  if (most < 0n || pieces.length <= count) return pieces;
  return [...pieces.slice(0, count - 1), pieces.slice(count - 1).join(part)];
}
