import { isDeepStrictEqual } from 'node:util';
import type { Container as ContainerSpec, Node, Pod } from '../../api/schema/types.d.ts';
import { outOfResources } from './admit.ts';

/** Why a resize is not made: Deferred until others leave room, or Infeasible on this node at all (core/v1). */
export type PendingResize = { reason: 'Deferred' | 'Infeasible'; message: string };

/**
 * A running pod as its node runs it: with the resources that its spec asks for when the node has them beside `others`,
 * otherwise with those it was given `before`, and why (KEP-1287). All of a pod is resized or nothing.
 */
export function allocate(
  pod: Pod,
  before: Pod,
  node: Node,
  others: Pod[],
): { pod: Pod; pending: PendingResize | undefined } {
  if (isDeepStrictEqual(resourcesOf(pod), resourcesOf(before))) return { pod, pending: undefined };
  const alone = outOfResources(pod, node, []);
  const refused = alone ?? outOfResources(pod, node, others);
  if (refused === undefined) return { pod, pending: undefined };
  const pending: PendingResize = { reason: alone ? 'Infeasible' : 'Deferred', message: refused.message };
  return { pod: withResourcesOf(pod, before), pending };
}

const resourcesOf = ({ spec }: Pod) => [
  spec!.resources,
  ...[...(spec!.initContainers ?? []), ...spec!.containers].map(({ resources }) => resources ?? {}),
];

function withResourcesOf(pod: Pod, { spec: given }: Pod): Pod {
  const restore = (containers: ContainerSpec[], from: ContainerSpec[]) =>
    containers.map((container) => ({
      ...container,
      resources: from.find(({ name }) => name === container.name)?.resources,
    }));
  const spec = {
    ...pod.spec!,
    resources: given!.resources,
    containers: restore(pod.spec!.containers, given!.containers),
  };
  if (spec.initContainers) spec.initContainers = restore(spec.initContainers, given!.initContainers ?? []);
  return { ...pod, spec };
}
