import { matchesSelector } from '../../api/selectors.ts';
import { isolationOf, isolationProtection, readIsolation } from '../../policy/policy.ts';
import type { JudgeContext, Manifest } from '../contract.ts';
import type { FieldPath } from '../field.ts';
import { protectionMode } from '../protection-mode.ts';
import { podOf } from '../workload.ts';

const policyKind = 'NetworkPolicy.networking.k8s.io';

/** A selector that asks for nothing matches everything. */
export const matchesAll = (selector: object): boolean =>
  Object.values(selector).every((part) => Object.keys(part ?? {}).length === 0);

/** What NetworkPolicies have to do with the pods of a workload. */
export type Selection = {
  /** Policies that select them. */
  policies: Manifest[];
  /** Why others may select them that are not known; undefined: these are all. */
  incomplete?: string;
  /** On a cluster of Rempart: are pods that no policy selects kept from other namespaces and from the outside? */
  island: boolean;
  /** Where their labels stand. */
  field: FieldPath;
};

/** Undefined for what has no pods, or only such as policies do not select: exposure/host-network tells of them. */
export function selectionOf(object: Manifest, context: JudgeContext): Selection | undefined {
  const found = podOf(object);
  if (found === undefined || found.pod.spec['hostNetwork'] === true) return undefined;
  const namespace = object.metadata.namespace ?? '';
  const labels = (found.pod.metadata as { labels?: Record<string, string> } | undefined)?.labels;
  const there = context.of(policyKind, namespace);
  const policies = there.filter(({ spec }) => matchesSelector(spec?.podSelector, labels));
  const isComplete = () =>
    context.source === 'cluster' ||
    there.length > 0 ||
    context.of('Namespace').some(({ metadata }) => metadata.name === namespace);
  return {
    policies,
    field: [...found.prefix, 'metadata', 'labels'],
    get incomplete() {
      if (!isComplete()) return `neither a NetworkPolicy nor the Namespace ${namespace || '(none named)'} is given`;
      return context.otherPolicies(namespace);
    },
    get island() {
      return isIsland(context, namespace);
    },
  };
}

function isIsland(context: JudgeContext, name: string): boolean {
  const mode = protectionMode(context, isolationProtection, 'island');
  if (mode === undefined) return false;
  const labels = context.get({ kind: 'Namespace', namespace: '', name })?.metadata.labels ?? {};
  return ['island', 'deny'].includes(isolationOf({ name, labels }, readIsolation(mode)));
}
