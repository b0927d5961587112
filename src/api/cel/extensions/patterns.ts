import { currentEvaluation } from '../evaluation.ts';
import { type CelFunc, library } from '../library.ts';
import { patternOf } from '../patterns.ts';
import { search } from '../search.ts';
import type { Toolkit } from '../toolkit.ts';

/** Source: k8s.io/apiserver/pkg/cel/library/regex.go, and `matches` of CEL itself. */
export function patterns({ method, types: { STRING, BOOL, INT, LIST } }: Toolkit): CelFunc[] {
  return [
    method(STRING, 'matches', [STRING], BOOL, (text: string, pattern: string) => {
      return search(patternOf(pattern), text, spend, { any: true }) !== undefined;
    }),
    method(STRING, 'find', [STRING], STRING, (text: string, pattern: string) => {
      const found = search(legal(pattern), text, spend);
      return found === undefined ? '' : text.slice(found.begin, found.end);
    }),
    method(STRING, 'findAll', [STRING], LIST, (text: string, pattern: string) => all(text, pattern, Infinity)),
    method(STRING, 'findAll', [STRING, INT], LIST, (text: string, pattern: string, most: bigint) =>
      all(text, pattern, most < 0n ? Infinity : Number(most)),
    ),
  ];
}

/** As upstream words it for all but `matches`. */
function legal(pattern: string): ReturnType<typeof patternOf> {
  try {
    return patternOf(pattern);
  } catch (error) {
    throw new Error(`Illegal regex: ${(error as Error).message}`);
  }
}

const spend = (units: number): void => currentEvaluation().budget.spend(units);

/** As Go's FindAllString: an empty match right behind another match does not count. */
function all(text: string, pattern: string, most: number): unknown {
  const program = legal(pattern);
  const matches: string[] = [];
  let behind = -1;
  for (let from = 0; from <= text.length && matches.length < most; ) {
    const found = search(program, text, spend, { from });
    if (found === undefined) break;
    const { begin, end } = found;
    if (end > begin || begin !== behind) matches.push(text.slice(begin, end));
    behind = end;
    from = end > begin ? end : end + ((text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1);
  }
  return library.cel.celList(matches);
}
