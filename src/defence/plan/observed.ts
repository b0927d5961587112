import type { Observations } from '../../api/observations/observation.ts';
import { pathGraphOf } from '../paths/build.ts';
import { afterChanges } from '../paths/simulate.ts';
import { userOf } from '../paths/weigh.ts';
import { deriveRoles, unbound } from '../perimeter/derived/derive.ts';
import { generatePolicies } from '../perimeter/generate/generate.ts';
import type { Change, Snapshot } from '../snapshot/snapshot.ts';
import { assess } from './risk.ts';
import type { Candidate } from './step.ts';

/** Of each kind so many are tried: each makes the whole graph anew. */
const triedMax = 6;
/** A gentler step is taken when it removes at least this part of what the harder one does. */
const enough = 0.8;

/**
 * Policies that allow what was seen, for each namespace in which that removes risk. All that was watched stays.
 */
export function policySteps(snapshot: Snapshot, observations: Observations): Candidate[] {
  if (observations.windows.flows.length === 0) return [];
  const { policies, notCovered } = generatePolicies(snapshot, observations);
  const stays =
    notCovered.length === 0
      ? 'every flow that was seen stays'
      : `${notCovered.length} flows that were seen may not stay`;
  return [...Map.groupBy(policies, ({ workload }) => workload.namespace)]
    .slice(0, triedMax)
    .map(([namespace, group]): Candidate => {
      const changes = group.map(({ policy }) => ({ put: policy }));
      return {
        ...{ type: 'policies', byHand: false, uses: [stays], make: () => changes },
        removes: removedBy(snapshot, changes),
        what: [
          `let NetworkPolicies of namespace ${namespace} (${group.length}) allow what was seen and DNS, nothing else`,
        ],
        why: [`each of its workloads is then reached by those only that it was seen with`],
      };
    })
    .filter(({ removes }) => removes > 0);
}

/**
 * Instead of taking a binding from somebody who was seen to use the API: the roles that it used, in place of all it
 * holds, where that removes about as much.
 */
export function gentler(snapshot: Snapshot, observations: Observations, step: Candidate): Candidate {
  const user = step.unbinds && userOf(step.unbinds);
  if (!user || !observations.calls.some((call) => call.allowed && call.user === user)) return step;
  const [derived] = deriveRoles(snapshot, observations, [user]).users;
  const { objects, denied, held, allowed, warnings } = derived!;
  if (denied.length > 0) return step;
  const make = (now: Snapshot): Change[] => [...objects.map((put) => ({ put })), ...unbound(now, user)];
  const removes = removedBy(snapshot, make(snapshot));
  if (removes < step.removes * enough) return step;
  return {
    ...{ ...step, type: 'roles', removes, make },
    what: [`give ${user} the roles that it used, and take it out of the others`],
    why: [...step.why, `${held.unused} of the ${held.rights} rights that it holds were never used`],
    uses: [`tried: all calls that were seen (${allowed} kinds) stay allowed`, ...warnings],
  };
}

const removedBy = (snapshot: Snapshot, changes: Change[]): number =>
  assess(pathGraphOf(snapshot)).risk.points - assess(pathGraphOf(afterChanges(snapshot, changes))).risk.points;
