import { mastersGroup } from '../../api/rbac/identity.ts';
import type { Subject } from '../../api/rbac/subject.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { pathGraphOf } from './build.ts';
import { costs } from './graph.ts';
import { subjectId } from './memberships.ts';
import { distancesTo, pathFrom } from './search.ts';
import { type Path, tell } from './steps.ts';

/**
 * Everybody who can become one of these subjects, or cluster-admin, by rights and pods alone: bind, escalate,
 * impersonate, tokens, pods of their own. Each with the easiest way.
 */
export function pathsToSubjects(snapshot: Snapshot, subjects: Subject[]): Path[] {
  const paths = pathGraphOf(snapshot);
  const { places } = paths.graph;
  const targets = subjects.flatMap((subject) => paths.graph.find(subjectId(subject)) ?? []);
  const ends = new Set(
    [...targets, ...places.filter(({ type }) => type === 'cluster-admin')].map(({ index }) => index),
  );
  // A flaw in what listens is another question than what rights come to.
  const flaws = new Set(paths.graph.out.flat().filter(({ cost }) => cost >= costs.flaw));
  const distances = distancesTo(paths.graph, ends, flaws);
  return places
    .filter(({ type }) => type === 'user' || type === 'group' || type === 'account' || type === 'workload')
    .filter(
      ({ index, id }) => !ends.has(index) && id !== `group:${mastersGroup}` && Number.isFinite(distances.cost[index]),
    )
    .toSorted((a, b) => distances.cost[a.index]! - distances.cost[b.index]!)
    .map(({ index }) => tell(paths, pathFrom(distances, index)!));
}
