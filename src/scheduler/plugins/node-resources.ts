import type { NodeInfo } from '../node-info.ts';
import { type Plugin, type Refusal, stateless } from '../plugin.ts';
import type { PodInfo } from '../pod-info.ts';

/** What is missing, by resource: how much the pod needs, how much is free, how much the node has in all. */
type Lack = { resource: string; needs: number; free: number; total: number };

function lacks({ requests }: PodInfo, { allocatable, requested }: NodeInfo): Lack[] {
  const found: Lack[] = [];
  const compare = (resource: string, needs: number, total: number, used: number) => {
    if (needs > 0 && needs > total - used) found.push({ resource, needs, free: total - used, total });
  };
  compare('pods', 1, allocatable.pods, requested.pods);
  compare('cpu', requests.cpuMilli, allocatable.cpuMilli, requested.cpuMilli);
  compare('memory', requests.memoryBytes, allocatable.memoryBytes, requested.memoryBytes);
  compare('ephemeral-storage', requests.ephemeralBytes, allocatable.ephemeralBytes, requested.ephemeralBytes);
  for (const [name, needs] of requests.extended ?? [])
    compare(name, needs, allocatable.extended?.get(name) ?? 0, requested.extended?.get(name) ?? 0);
  return found;
}

/** The common case, without building a list. */
function fits({ requests }: PodInfo, { allocatable, requested }: NodeInfo): boolean {
  return (
    requested.pods < allocatable.pods &&
    (requests.cpuMilli === 0 || requests.cpuMilli <= allocatable.cpuMilli - requested.cpuMilli) &&
    (requests.memoryBytes === 0 || requests.memoryBytes <= allocatable.memoryBytes - requested.memoryBytes) &&
    (requests.ephemeralBytes === 0 ||
      requests.ephemeralBytes <= allocatable.ephemeralBytes - requested.ephemeralBytes) &&
    requests.extended === undefined
  );
}

const toRefusal = ({ resource, needs, total }: Lack): Refusal => ({
  reason: resource === 'pods' ? 'Too many pods' : `Insufficient ${resource}`,
  resolvable: needs <= total,
});

const shown = (resource: string, amount: number): string => {
  if (resource === 'cpu') return amount % 1000 === 0 ? `${amount / 1000}` : `${amount}m`;
  const isBytes = resource === 'memory' || resource === 'ephemeral-storage';
  return isBytes ? `${Math.floor(amount / 2 ** 20)}Mi` : `${amount}`;
};

/** Do the requests fit into what is free? Nodes with the larger free share of cpu and memory are better. */
export const nodeResources: Plugin<undefined> = {
  name: 'NodeResourcesFit',
  wakes: ['node', 'pod-gone'],
  local: true,
  prepare: () => stateless,
  filter(_state, pod, node) {
    if (fits(pod, node)) return undefined;
    const missing = lacks(pod, node);
    return missing.length > 0 ? missing.map(toRefusal) : undefined;
  },
  explain: (_state, pod, node) =>
    lacks(pod, node)
      .map(({ resource, needs, free }) => `needs ${shown(resource, needs)} ${resource}, ${shown(resource, free)} free`)
      .join('; '),
  weight: 1,
  score: (_state, pod, { allocatable, usual }) =>
    (freeShare(allocatable.cpuMilli, usual.cpuMilli + pod.usual.cpuMilli) +
      freeShare(allocatable.memoryBytes, usual.memoryBytes + pod.usual.memoryBytes)) *
    50,
};

const freeShare = (total: number, used: number) => (total <= 0 || used >= total ? 0 : (total - used) / total);
