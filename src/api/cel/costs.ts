import type { Budget } from './budget.ts';
import { library } from './library.ts';
import { costOfPattern } from './patterns.ts';

const charactersPerUnit = 16;

/** Functions that take longer than the others: addresses are parsed anew, calendars of time zones looked up. */
const slow = new Set(['ip', 'isIP', 'ip.isCanonical', 'cidr', 'isCIDR', 'containsIP', 'containsCIDR', 'masked']);
for (const name of ['isLoopback', 'isUnspecified', 'isLinkLocalUnicast', 'isGlobalUnicast', 'format']) slow.add(name);
const slowCost = 10;
const zonedCost = 100;
const isZoned = (name: string, args: unknown[]) => args.length === 2 && /^get(?:[DFHM]|Seconds)/.test(name);

/** Functions that look at everything inside their arguments; all others see only the top. */
const deep = new Set(['_==_', '_!=_', 'format', 'sum', 'min', 'max', 'isSorted', 'join', '@in', '_+_']);
deep.add('indexOf').add('lastIndexOf').add('string');

/** Functions that compile a pattern; its search pays for its own steps. */
const patterned = new Set(['matches', 'find', 'findAll']);

/** Functions that look for a text in a text: at worst every character is compared with every other. */
const searching = new Set(['contains', 'replace', 'split', 'indexOf', 'lastIndexOf']);

/** Everything against everything. */
const crosswise = new Set(['sets.contains', 'sets.equivalent', 'sets.intersects']);

/** Spends what a call will cost, before it is made: a call that cannot be afforded does not begin. */
export function spendOnCall(budget: Budget, name: string, args: unknown[]): void {
  budget.spend(isZoned(name, args) ? zonedCost : slow.has(name) ? slowCost : 1);
  if (name === '@range') budget.spend(sizeOf(args[0]) / charactersPerUnit);
  else if (patterned.has(name) && typeof args[1] === 'string') budget.spend(costOfPattern(args[1]));
  else if (searching.has(name)) spendOnSearch(budget, args);
  else if (crosswise.has(name)) budget.spend(sizeOf(args[0]) * sizeOf(args[1]));
  for (const arg of args)
    if (deep.has(name) || crosswise.has(name)) spendOnValue(budget, arg);
    else spendOnText(budget, arg);
}

/** Text that a call has made. */
export const spendOnResult = (budget: Budget, result: unknown): void => spendOnText(budget, result);

function spendOnText(budget: Budget, value: unknown): void {
  if (typeof value === 'string' || value instanceof Uint8Array) budget.spend(value.length / charactersPerUnit);
}

function sizeOf(value: unknown): number {
  const { isCelList, isCelMap } = library.cel;
  return isCelList(value) || isCelMap(value) ? value.size : 0;
}

function spendOnSearch(budget: Budget, [text, part, replacement]: unknown[]): void {
  if (typeof text !== 'string' || typeof part !== 'string') return;
  budget.spend((text.length * Math.min(part.length, text.length)) / 256);
  if (typeof replacement !== 'string') return;
  const places = text.length / Math.max(1, part.length);
  budget.spend((places * replacement.length) / charactersPerUnit);
}

/** Lists in lists share what they hold: what looks like a tree of any size is walked only as far as can be paid for. */
function spendOnValue(budget: Budget, value: unknown): void {
  spendOnText(budget, value);
  if (typeof value !== 'object' || value === null) return;
  const { isCelList, isCelMap } = library.cel;
  if (isCelList(value))
    for (const item of value) {
      budget.spend(1);
      spendOnValue(budget, item);
    }
  else if (isCelMap(value))
    for (const [key, item] of value) {
      budget.spend(1);
      spendOnValue(budget, key);
      spendOnValue(budget, item);
    }
}
