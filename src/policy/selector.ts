import { type LabelSelector, matchesSelector } from '../api/selectors.ts';

export type { LabelSelector } from '../api/selectors.ts';
export type Labels = Record<string, string>;

/** A selector made ready: `keys` are the labels it looks at, `id` is equal for selectors that say the same. */
export type CompiledSelector = {
  id: string;
  keys: string[];
  selector: LabelSelector;
  matches(labels: Labels): boolean;
};

/** The empty selector matches everything. */
export function compileSelector(selector: LabelSelector): CompiledSelector {
  const requirements = [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => [key, 'In', value]),
    ...(selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => [
      key,
      operator,
      ...[...values].sort(),
    ]),
  ];
  return {
    id: JSON.stringify(requirements.map((requirement) => JSON.stringify(requirement)).sort()),
    selector,
    keys: requirements.map(([key]) => key!),
    matches: (labels) => matchesSelector(selector, labels),
  };
}
