/** metav1.LabelSelector. */
export type LabelSelector = {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
};
export type Labels = Record<string, string>;

/** A selector made ready: `keys` are the labels it looks at, `id` is equal for selectors that say the same. */
export type CompiledSelector = { id: string; keys: string[]; matches(labels: Labels): boolean };

type Requirement = { key: string; operator: string; values: string[] };

/** The empty selector matches everything. An operator this program does not know matches nothing. */
export function compileSelector(selector: LabelSelector): CompiledSelector {
  const requirements: Requirement[] = [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({ key, operator: 'In', values: [value] })),
    ...(selector.matchExpressions ?? []).map(({ key, operator, values }) => ({
      key,
      operator,
      values: [...(values ?? [])].sort(),
    })),
  ];
  const id = JSON.stringify(requirements.map(({ key, operator, values }) => [key, operator, ...values]).sort());
  return {
    id,
    keys: requirements.map(({ key }) => key),
    matches: (labels) => requirements.every((requirement) => satisfies(labels, requirement)),
  };
}

function satisfies(labels: Labels, { key, operator, values }: Requirement): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  if (operator === 'In') return value !== undefined && values.includes(value);
  if (operator === 'NotIn') return value === undefined || !values.includes(value);
  return false;
}
