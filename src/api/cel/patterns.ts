import { library } from './library.ts';
import { patternLengthMax, patternSizeMax, patternsSizeMax } from './limits.ts';
import type { Program } from './search.ts';

const known = new Map<string, Program>();
let knownSize = 0;

/** A pattern in RE2 syntax as the program that `search` runs; compiled once. Throws an Error when it is not one. */
export function patternOf(text: string): Program {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (text.length > patternLengthMax) throw new Error(`a pattern may have ${patternLengthMax} characters`);
  if (instructionsOf(text) > patternSizeMax) throw new Error('the pattern repeats too much');
  const program: Program = library.regex.compile(text).re2().prog;
  knownSize += program.numInst();
  if (knownSize > patternsSizeMax) {
    known.clear();
    knownSize = program.numInst();
  }
  known.set(text, program);
  return program;
}

/** What compiling this text would cost: nothing when it was compiled before. */
export const costOfPattern = (text: string): number => (known.has(text) ? 0 : instructionsOf(text));

const count = /\{(\d{1,4})(?:,(\d{0,4}))?\}/y;
const atom = /\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]])*\]|./suy;

/** About how many instructions a pattern has, before it is compiled: `(ab{3}){10}` is short and has forty. */
export function instructionsOf(pattern: string): number {
  const outer: number[] = [];
  let total = 0;
  let last = 0;
  for (let at = 0; at < pattern.length; ) {
    count.lastIndex = at;
    const repeated = count.exec(pattern);
    if (repeated !== null) {
      const times = Math.max(1, Number(repeated[1]), Number(repeated[2] ?? 0));
      total += last * (times - 1);
      last *= times;
      at = count.lastIndex;
      continue;
    }
    atom.lastIndex = at;
    const [read] = atom.exec(pattern)!;
    at += read.length;
    if (read === '(') {
      outer.push(total);
      total = 0;
    } else if (read === ')' && outer.length > 0) {
      last = total + 2;
      total = outer.pop()! + last;
    } else {
      last = read.length === 1 && '*+?|'.includes(read) ? last : 1;
      total += 1;
    }
  }
  return outer.reduce((sum, each) => sum + each, total);
}
