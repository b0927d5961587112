import type { ControllerRevision, DaemonSet, DaemonSetStatus, Node, Pod } from '../api/schema/types.d.ts';
import type { Controller, ControllerContext, Result } from '../reconcile/controller.ts';
import { claim, deleteObject, isDeleting, keyOf, ownerOrSelectorKeys } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';
import { inBatches } from './batches.ts';
import { belongsOn, nodeOf, planDaemonSet, podsByNode, tolerationsOf } from './daemon-set-plan.ts';
import { availableInMs, isActive, isAvailable, isReady, podFromTemplate } from './pods.ts';
import { revisionHashLabel, revisionResource, revisionWrites, syncRevisions, truncateHistory } from './revisions.ts';

const daemonSets = 'daemonsets.apps';
/** A pod that failed is made again on its node after this long, so that a broken one does not spin. */
const failedAgainAfterMs = 10_000;

/** Runs one pod on every node where it belongs. */
export const daemonSetController = (): Controller => ({
  name: 'daemon-set',
  reconciles: daemonSets,
  reads: ['pods', 'nodes', revisionResource],
  writes: {
    pods: ['create', 'delete', 'patch'],
    [`${daemonSets}/status`]: ['update'],
    ...revisionWrites,
  },
  enqueue: { pods: ownerOrSelectorKeys(daemonSets, 'DaemonSet', 'apps'), nodes: setsConcernedBy() },

  async reconcile({ namespace, name }, context): Promise<Result> {
    const set = context.cache<DaemonSet>(daemonSets).get(namespace, name);
    if (set === undefined || isDeleting(set)) return undefined;
    const { selector, template, minReadySeconds = 0, revisionHistoryLimit = 10 } = set.spec!;
    const pods = await claim<Pod>(context, set, 'pods', selector);
    const revisions = await syncRevisions(context, set, template, set.status?.collisionCount ?? 0);
    const hash = hashOf(revisions.update);
    const nodes = context.cache<Node>('nodes').list();
    const nowMs = context.clock.now();

    const plan = planDaemonSet(set, nodes, pods, hash, nowMs);
    const status = statusOf(set, nodes, pods, hash, revisions.collisionCount, nowMs);
    await writeStatus(context, daemonSets, set, status);
    const { failed, waitMs } = readyToReplace(plan.failed, nowMs);
    for (const pod of failed) {
      const text = `Found failed daemon pod ${namespace}/${pod.metadata.name} on node ${nodeOf(pod)}, will try to kill it`;
      context.event(set, 'Warning', 'FailedDaemonPod', text);
    }
    for (const pod of [...plan.remove, ...failed]) {
      await deleteObject(context, 'pods', pod);
      context.event(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
    }
    await createPods(context, set, plan.create, hash);

    const used = new Set([hash, ...pods.map((pod) => pod.metadata.labels?.[revisionHashLabel])]);
    await truncateHistory(context, revisions.all, (revision) => used.has(hashOf(revision)), revisionHistoryLimit);
    const waits = [availableInMs(pods, minReadySeconds, nowMs), waitMs].filter((wait) => wait !== undefined);
    return waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : undefined;
  },
});

const hashOf = ({ metadata }: ControllerRevision): string => metadata.labels?.[revisionHashLabel] ?? '';

/**
 * A node's status changes every few seconds and mostly means nothing here: sets are looked at again only when its
 * labels, taints or existence change.
 */
function setsConcernedBy() {
  const seen = new Map<string, string>();
  return (node: { metadata: Node['metadata']; [field: string]: any }, { cache }: ControllerContext) => {
    const { name, uid, labels } = node.metadata;
    const gone = cache('nodes').get('', name) === undefined;
    const shape = JSON.stringify([uid, labels, node['spec']?.taints]);
    if (!gone && seen.get(name) === shape) return [];
    if (gone) seen.delete(name);
    else seen.set(name, shape);
    return cache(daemonSets).list().map(keyOf);
  };
}

function readyToReplace(pods: Pod[], nowMs: number): { failed: Pod[]; waitMs: number | undefined } {
  const ageMs = ({ metadata }: Pod) => nowMs - Date.parse(metadata.creationTimestamp ?? '');
  const failed = pods.filter((pod) => !isDeleting(pod) && ageMs(pod) >= failedAgainAfterMs);
  const waits = pods.filter((pod) => ageMs(pod) < failedAgainAfterMs).map((pod) => failedAgainAfterMs - ageMs(pod));
  return { failed, waitMs: waits.length > 0 ? Math.min(...waits) : undefined };
}

async function createPods(context: ControllerContext, set: DaemonSet, nodes: string[], hash: string): Promise<void> {
  const { error } = await inBatches(nodes.length, async (index) => {
    const pod = await context.client.create<Pod>('pods', podFor(set, nodes[index]!, hash));
    context.event(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
  });
  if (error === undefined) return;
  context.event(set, 'Warning', 'FailedCreate', `Error creating: ${(error as Error).message}`);
  throw error;
}

/** The scheduler places it, but on this node only: so that it counts what the pod takes. */
function podFor(set: DaemonSet, node: string, hash: string): Partial<Pod> {
  const { template } = set.spec!;
  const pod = podFromTemplate(template, set);
  pod.metadata!.labels![revisionHashLabel] = hash;
  const spec = pod.spec!;
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const matchFields = [{ key: 'metadata.name', operator: 'In', values: [node] }];
  const terms = required?.nodeSelectorTerms.map((term) => ({ ...term, matchFields })) ?? [{ matchFields }];
  spec.tolerations = tolerationsOf(template);
  spec.affinity = {
    ...spec.affinity,
    nodeAffinity: {
      ...spec.affinity?.nodeAffinity,
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms },
    },
  };
  return pod;
}

function statusOf(
  set: DaemonSet,
  nodes: Node[],
  pods: Pod[],
  hash: string,
  collisionCount: number,
  nowMs: number,
): DaemonSetStatus {
  const alive = podsByNode(pods.filter(isActive));
  const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0, available: 0, updated: 0 };
  for (const node of nodes) {
    const here = alive.get(node.metadata.name) ?? [];
    const { run } = belongsOn(set.spec!.template, node);
    if (!run) {
      if (here.length > 0) counts.misscheduled++;
      continue;
    }
    counts.desired++;
    if (here.length > 0) counts.current++;
    if (here.some(isReady)) counts.ready++;
    if (here.some((pod) => isAvailable(pod, set.spec!.minReadySeconds ?? 0, nowMs))) counts.available++;
    if (here.some((pod) => pod.metadata.labels?.[revisionHashLabel] === hash)) counts.updated++;
  }
  return {
    observedGeneration: set.metadata.generation,
    desiredNumberScheduled: counts.desired,
    currentNumberScheduled: counts.current,
    numberMisscheduled: counts.misscheduled,
    numberReady: counts.ready,
    numberAvailable: counts.available || undefined,
    numberUnavailable: counts.desired - counts.available || undefined,
    updatedNumberScheduled: counts.updated || undefined,
    collisionCount: collisionCount || undefined,
    conditions: set.status?.conditions,
  };
}
