import type { KubernetesObject } from '../api/object.ts';

export type LabelSelector = {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
};

/**
 * metav1.LabelSelector: everything in it must hold. An absent selector matches nothing and an empty one everything; an
 * operator this program does not know matches nothing.
 */
export function selectorMatches(selector: LabelSelector | undefined, labels: Record<string, string> = {}): boolean {
  if (selector === undefined) return false;
  const value = (key: string) => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  for (const [key, wanted] of Object.entries(selector.matchLabels ?? {})) if (value(key) !== wanted) return false;
  return (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
    const actual = value(key);
    if (operator === 'Exists') return actual !== undefined;
    if (operator === 'DoesNotExist') return actual === undefined;
    if (operator === 'In') return actual !== undefined && values.includes(actual);
    return operator === 'NotIn' && (actual === undefined || !values.includes(actual));
  });
}

export const selects = (selector: LabelSelector | undefined, object: Pick<KubernetesObject, 'metadata'>): boolean =>
  selectorMatches(selector, object.metadata.labels);

/** The form of a query parameter and of a scale's status: `app=web,tier in (a,b),!old`. */
export function selectorText({ matchLabels, matchExpressions }: LabelSelector): string {
  const equal = Object.entries(matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator.toLowerCase()} (${values.join(',')})`;
  });
  return [...equal, ...expressions].join(',');
}
