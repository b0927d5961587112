import { library } from './library.ts';
import { patternLengthMax, patternsMax } from './limits.ts';

type Pattern = { test(text: string): boolean; size: number };

const known = new Map<string, Pattern>();

/** A pattern in RE2 syntax, which matches in linear time; `size` is that of its automaton. Throws when it has none. */
export function patternOf(text: string): Pattern {
  const found = known.get(text);
  if (found !== undefined) return found;
  if (text.length > patternLengthMax) throw new Error(`a pattern may have ${patternLengthMax} characters`);
  const compiled = library.regex.compile(text);
  const pattern: Pattern = { test: (value) => compiled.test(value), size: compiled.re2().prog.numInst() };
  if (known.size >= patternsMax) known.clear();
  known.set(text, pattern);
  return pattern;
}
