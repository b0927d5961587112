import type { Snapshot } from '../snapshot/snapshot.ts';
import { type PathGraph, pathGraphOf } from './build.ts';
import { isSecrets } from './ends.ts';
import type { Place } from './graph.ts';
import { type Path, tell } from './steps.ts';
import { type Ways, waysTo } from './ways.ts';

/** What an intruder wants, and which places are that. */
export const aims: { name: string; is(place: Place): boolean }[] = [
  { name: 'cluster-admin', is: ({ type }) => type === 'cluster-admin' },
  { name: 'nodes', is: ({ type }) => type === 'node' },
  { name: 'secrets', is: isSecrets },
];

export type WorstPath = Path & {
  aim: string;
  /** How many other places lead there through the same last actor. */
  alike: number;
};

export type WorstReport = {
  paths: WorstPath[];
  /** Per aim, how many of the workloads reach it, and from the Internet. */
  reached: { aim: string; workloads: number; of: number; internet: boolean }[];
  notAssessed: string[];
};

const worstMax = 20;

/** The worst paths there are: from outside first, then by how easy they are. */
export function worstPaths(snapshot: Snapshot): WorstReport {
  const paths = pathGraphOf(snapshot);
  const { places } = paths.graph;
  const starts = places.filter(isStart);
  const workloads = starts.filter(({ type }) => type === 'workload');
  const reached: WorstReport['reached'] = [];
  const found: WorstPath[] = [];
  for (const aim of aims) {
    const ways = waysTo(paths, aim.is);
    const reaches = (place: Place) => Number.isFinite(ways.cost(place));
    const internet = starts.find(({ type }) => type === 'internet');
    reached.push({
      ...{ aim: aim.name, workloads: workloads.filter(reaches).length, of: workloads.length },
      internet: internet !== undefined && reaches(internet),
    });
    const byActor = Map.groupBy(starts.filter(reaches), (start) => lastActor(paths, ways, start));
    for (const group of byActor.values()) {
      const first = group.toSorted((a, b) => rank(ways, a) - rank(ways, b))[0]!;
      found.push({ ...tell(paths, ways.hops(first)!), aim: aim.name, alike: group.length - 1 });
    }
  }
  const order = (path: WorstPath) => (path.from === 'the Internet' ? 0 : 100) + path.cost;
  return {
    paths: found.sort((a, b) => order(a) - order(b)).slice(0, worstMax),
    reached,
    notAssessed: paths.notAssessed,
  };
}

/** Where an intruder begins: outside, in any workload, as anybody whose credentials were stolen. */
export function isStart({ type, id }: Place): boolean {
  if (type === 'internet' || type === 'workload') return true;
  // What everybody holds, anybody begins with; the cluster’s own users and groups hold what they hold by design.
  if (/^group:system:(authenticated|serviceaccounts(:.+)?)$/.test(id)) return true;
  return (
    (type === 'user' || type === 'group') && !/^((user|group):(system|rempart):|group:kubeadm:cluster-admins$)/.test(id)
  );
}

const rank = ({ cost }: Ways, place: Place) => (place.type === 'internet' ? -1 : cost(place));

/** The last place on the way that is somebody: the account, user or workload that finally does it. */
function lastActor({ graph }: PathGraph, { hops }: Ways, start: Place): number {
  const actors = ['account', 'user', 'group', 'workload'];
  return hops(start)!.findLast(({ to }) => actors.includes(graph.places[to]!.type))?.to ?? start.index;
}
