import type { Pod } from '../schema/types.d.ts';
import type { LabelSelector } from '../selectors.ts';

type Keyed = { labelSelector?: LabelSelector; matchLabelKeys?: string[]; mismatchLabelKeys?: string[] };

/**
 * Writes into the selectors of affinity and spreading what their label keys mean for this pod, once and for all: labels
 * may change later. Source: kubernetes/kubernetes pkg/registry/core/pod/strategy.go, applyMatchLabelKeysAndMismatchLabelKeys.
 */
export function takeLabelValues({ metadata, spec }: Pod): void {
  if (!spec?.affinity && !spec?.topologySpreadConstraints) return;
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {};
  const terms: Keyed[] = [podAffinity, podAntiAffinity].flatMap((affinity) => [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ]);
  for (const term of [...terms, ...(spec.topologySpreadConstraints ?? [])])
    if (term?.labelSelector) narrow(term, term.labelSelector, metadata.labels ?? {});
}

function narrow({ matchLabelKeys = [], mismatchLabelKeys = [] }: Keyed, selector: LabelSelector, labels: Labels): void {
  const expressions = [
    ...matchLabelKeys.map((key) => ({ key, operator: 'In' })),
    ...mismatchLabelKeys.map((key) => ({ key, operator: 'NotIn' })),
  ].flatMap(({ key, operator }) => {
    const value = labels[key];
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  });
  if (expressions.length > 0) selector.matchExpressions = [...(selector.matchExpressions ?? []), ...expressions];
}

type Labels = Record<string, string>;
