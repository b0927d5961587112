import {
  type Isolation,
  isolationProtection,
  policyNamespace,
  policyNode,
  readIsolation,
  type World,
} from '../../policy/policy.ts';
import { protectionKind, writtenMode } from '../protection-mode.ts';
import { networkPolicyKind } from './kinds.ts';
import { type NetworkDoubts, networkDoubts } from './network-doubts.ts';
import { noting } from './noting.ts';
import { endpointSliceKind, exposuresOf, wellKnownServices } from './offered-services.ts';
import { checkedPolicy, readPolicy } from './policies.ts';
import { type RunningPods, runningIn } from './running-pods.ts';
import type { Snapshot } from './snapshot.ts';

const networkKinds = ['Pod', 'Namespace', 'Node', 'Service', endpointSliceKind, networkPolicyKind];

/** The evaluator's world, what its pods belong to, and what is missing from it. */
export type SnapshotWorld = NetworkDoubts & { world: World } & Pick<
    RunningPods,
    'workloads' | 'templates' | 'notAssessed'
  >;

/**
 * A snapshot as the policy evaluator sees it. Controllers of which no pod lives (manifests, zero replicas, CronJobs)
 * are there as one pod made from their template, so that policies are judged before anything runs.
 */
export function worldOfSnapshot(snapshot: Snapshot): SnapshotWorld {
  const kinds = snapshot.closedByDefault ? [...networkKinds, protectionKind] : networkKinds;
  const notAssessed = kinds.flatMap((kind) => {
    const why = snapshot.whyUnread(kind);
    return why === undefined ? [] : [{ what: kind, why }];
  });
  const tryEach = noting(notAssessed);
  const running = runningIn(snapshot);
  notAssessed.push(...running.notAssessed);
  const world: World = {
    pods: running.pods,
    namespaces: tryEach(snapshot.of('Namespace'), policyNamespace),
    nodes: tryEach(snapshot.of('Node'), policyNode),
    policies: tryEach(snapshot.of(networkPolicyKind), (object, written) =>
      snapshot.wasAccepted(written) ? readPolicy(object) : checkedPolicy(object),
    ),
    exposures: [...running.exposures],
    wellKnown: [],
    ...(snapshot.closedByDefault ? { defaultIsolation: defaultIsolation(snapshot) } : { foreign: true }),
  };
  world.exposures.push(...exposuresOf(snapshot, world.pods, tryEach));
  if (snapshot.closedByDefault) world.wellKnown = wellKnownServices(snapshot, notAssessed);
  const { workloads, templates } = running;
  return { world, workloads, templates, notAssessed, ...networkDoubts(snapshot) };
}

function defaultIsolation(snapshot: Snapshot): Isolation {
  return readIsolation(writtenMode(snapshot, isolationProtection) ?? 'island');
}
