import {
  createEvaluator,
  isolationProtection,
  type NetworkPolicy,
  podsByKey,
  type World,
} from '../../../policy/policy.ts';
import type { Manifest } from '../../contract.ts';
import { kindName, refText } from '../../object-ref.ts';
import { placesOf, withStandIns } from '../../observations/places.ts';
import { protectionKind } from '../../protection-mode.ts';
import { networkPolicyKind } from '../../snapshot/kinds.ts';
import { doubtsOf } from '../../snapshot/network-doubts.ts';
import { type Change, changedRef, type Snapshot } from '../../snapshot/snapshot.ts';
import { workloadKinds } from '../../workload.ts';
import type { Impact } from '../impact.ts';
import { allowanceFor, allowancesMax } from '../network/allow.ts';
import { judgeFlows, type PlacedFlow } from '../network/flows.ts';
import { byNamespace } from '../network/holds.ts';
import { judgeReach } from '../network/reach.ts';
import type { Judged, Previewer, Scope } from '../scope.ts';

const sliceKind = 'EndpointSlice.discovery.k8s.io';
const kinds = new Set([networkPolicyKind, 'Namespace', 'Service', sliceKind, ...workloadKinds]);

/** So many changed objects are named where all of them together decide. */
const decidersMax = 5;

/**
 * Who may connect to whom: NetworkPolicies, labels of namespaces and pods, isolation and exposure. Flows that were seen
 * are judged one by one by the evaluator that enforces; of all other pairs it is told which can no longer connect.
 */
export const network: Previewer = {
  name: 'network',
  concerns(change: Change, { closedByDefault }: Snapshot) {
    const { kind, name } = changedRef(change);
    // Nothing but a cluster of ours isolates by it: of any other one it is not judged what it would cut.
    return kinds.has(kind) || (closedByDefault && kind === protectionKind && name === isolationProtection);
  },
  // Where a name leads by it is not judged.
  partial: (change) => changedRef(change).kind === sliceKind,
  impacts: judgeNetwork,
};

function judgeNetwork(scope: Scope): Judged {
  const { observations, changes } = scope;
  const worlds = scope.worlds();
  const places = placesOf(worlds.before, worlds.after);
  // Every end is placed first: pods that are gone become part of both worlds.
  const placed = observations.flows.map((flow): PlacedFlow => {
    const { from, to, protocol, port } = flow;
    return { flow, from: places.place(from), to: places.place(to, protocol, port) };
  });
  const { standIns } = places;
  const seen = {
    before: withStandIns(worlds.before.world, standIns),
    after: withStandIns(worlds.after.world, standIns),
  };
  const evaluators = { before: createEvaluator(seen.before), after: createEvaluator(seen.after) };
  const { namespaces } = worlds.after.world;
  const refs = changes.map(changedRef).filter(({ kind }) => kind === networkPolicyKind);
  const changed = new Set(refs.map(({ namespace, name }) => `${namespace || 'default'}/${name}`));
  const isDisputed = [seen.before, seen.after].some(({ foreign, policies }) => foreign && policies.some(hasBlocks));
  const skipping = (world: World) => createEvaluator({ ...world, blocksSkipPods: true });
  const otherwise = isDisputed ? { before: skipping(seen.before), after: skipping(seen.after) } : undefined;
  const isRolledOut = worlds.before.world.pods !== worlds.after.world.pods;
  const meanwhile = isRolledOut ? createEvaluator({ ...seen.after, pods: seen.before.pods }) : undefined;
  const flows = judgeFlows(placed, evaluators, {
    ...{ namespaces, doubts: worlds.after, changed },
    ...{ otherwise, meanwhile },
  });
  if (flows.broken.length > 0) {
    const pods = podsByKey(seen.after.pods);
    const others = byNamespace(placed);
    const allowing = { after: worlds.after, pods, evaluator: evaluators.after, others };
    for (const broken of flows.broken.slice(0, allowancesMax)) {
      const allowance = allowanceFor(broken, changes, allowing);
      if (allowance !== undefined) broken.impact.allowance = allowance;
    }
  }
  const reach = judgeReach(worlds, placed, observations.windows.flows);
  const by = changes.map((change) => refText(changedRef(change))).slice(0, decidersMax);
  const blind = blindness(scope);
  return {
    impacts: [
      ...flows.impacts.map((impact) => doubted(impact, blind)),
      ...reach.impacts.map((impact) => ({ ...impact, by })),
    ],
    judged: { flow: placed.length, reach: reach.pairs },
    // Where no pair of ends changes at all, nothing depends on what was watched.
    watched: reach.pairs > 0 || flows.impacts.some(({ outcome }) => outcome !== 'safe') ? ['flows'] : [],
    notAssessed: [...blind, ...blocksOf(scope), ...doubtsOf(worlds.after).map(({ what, why }) => `${what}: ${why}`)],
  };
}

const hasBlocks = (policy: NetworkPolicy | Manifest): boolean => JSON.stringify(policy).includes('"ipBlock":');

/** Policies of the change whose blocks may be about pods: of pairs that nobody was seen to use it is not known. */
const blocksOf = ({ before, changes }: Scope): string[] =>
  before.closedByDefault
    ? []
    : changes
        .filter((change) => 'put' in change && kindName(change.put) === networkPolicyKind && hasBlocks(change.put))
        .map(
          (change) =>
            `ipBlocks of ${refText(changedRef(change))}: whether they are about pods differs between network plugins`,
        );

/** What is missing from the world: a flow that depends on it may not be called safe. */
const blindness = (scope: Scope): string[] => [
  ...new Set(
    Object.values(scope.worlds()).flatMap(({ notAssessed }) => notAssessed.map(({ what, why }) => `${what}: ${why}`)),
  ),
];

function doubted(impact: Impact, blind: string[]): Impact {
  const unread = blind.find((text) => !text.startsWith('cluster DNS') && !text.startsWith('the API'));
  if (unread === undefined || impact.outcome !== 'safe') return impact;
  return { ...impact, outcome: 'unknown', why: `${impact.why}; but not all could be read (${unread})` };
}
