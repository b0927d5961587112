import { matchesSelector } from '../../../api/selectors.ts';
import { podKey } from '../../../policy/policy.ts';
import { refText } from '../../object-ref.ts';
import type { SnapshotWorld } from '../../snapshot/world.ts';
import type { GeneratedPolicy } from './builder.ts';

/** What applying the policies does besides, or does not do. */
export function sideEffects(policies: GeneratedPolicy[], { world, workloads }: SnapshotWorld): string[] {
  const own = new Set(policies.map(({ workload }) => refText(workload)));
  const others = policies.flatMap(({ policy }) => {
    const { name, namespace } = policy.metadata;
    const selected = world.pods.filter(
      (pod) =>
        !pod.hostNetwork && pod.namespace === namespace && matchesSelector(policy['spec'].podSelector, pod.labels),
    );
    const without = new Set(selected.map((pod) => refText(workloads.get(podKey(pod))!)));
    return [...without]
      .filter((text) => !own.has(text))
      .map(
        (text) => `${namespace}/${name} selects pods of ${text}, too, of which no flow was seen: it would close them`,
      );
  });
  const made = new Set(policies.map(({ policy }) => podKey({ namespace: '', ...policy.metadata })));
  const namespaces = new Set(policies.map(({ policy }) => policy.metadata.namespace));
  const standing = world.policies
    .filter(({ metadata }) => namespaces.has(metadata.namespace ?? 'default'))
    .map(({ metadata }) => podKey({ namespace: 'default', ...metadata }))
    .filter((key) => !made.has(key));
  const more = `policies add up: what is there already still allows what it allows (${standing.join(', ')})`;
  return standing.length === 0 ? others : [...others, more];
}
