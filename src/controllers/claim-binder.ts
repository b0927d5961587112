import { nodeSelectorMatches } from '../api/node-selector.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim, StorageClass } from '../api/schema/types.d.ts';
import {
  isReservedFor,
  mismatch,
  noProvisioner,
  offerKey,
  offersFor,
  selectedNode,
  volumesFor,
} from '../api/volume-match.ts';
import type { Controller, ControllerContext, Key } from '../reconcile/controller.ts';
import { isDeleting, keyOf } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';

const claims = 'persistentvolumeclaims';
const volumes = 'persistentvolumes';
const classes = 'storageclasses.storage.k8s.io';
const bindCompleted = 'pv.kubernetes.io/bind-completed';
const boundByController = 'pv.kubernetes.io/bound-by-controller';
const storageProvisioner = 'volume.kubernetes.io/storage-provisioner';

type Claim = PersistentVolumeClaim;

/** Brings claims and volumes together, at once or, where the class says so, when a pod's node is known. */
export const claimBinder = (): Controller => ({
  name: 'persistent-volume-binder',
  reconciles: claims,
  reads: [volumes, classes, 'nodes'],
  writes: { [claims]: ['update', 'patch'], [`${claims}/status`]: ['update'], [volumes]: ['update'] },
  // One at a time, so that two claims do not reach for the same volume.
  concurrency: 1,
  enqueue: { [volumes]: claimsFor, [classes]: (_class, context) => unboundClaims(context).map(keyOf) },

  async reconcile({ namespace, name }, context) {
    const claim = context.cache<Claim>(claims).get(namespace, name);
    if (claim === undefined || isDeleting(claim)) return undefined;
    if (claim.spec?.volumeName) await keepBound(context, claim, claim.spec.volumeName);
    else await bindOrWait(context, claim);
    return undefined;
  },
});

const unboundClaims = ({ cache }: ControllerContext): Claim[] =>
  cache<Claim>(claims)
    .list()
    .filter(({ spec }) => !spec?.volumeName);

function claimsFor(volume: PersistentVolume | { metadata: object }, context: ControllerContext): Key[] {
  const { spec } = volume as PersistentVolume;
  if (spec?.claimRef?.name) return [{ namespace: spec.claimRef.namespace ?? '', name: spec.claimRef.name }];
  const suiting = unboundClaims(context).filter(
    (claim) => (claim.spec?.storageClassName ?? '') === (spec?.storageClassName ?? ''),
  );
  return suiting.map(keyOf);
}

async function keepBound(context: ControllerContext, claim: Claim, volumeName: string): Promise<void> {
  const volume = context.cache<PersistentVolume>(volumes).get('', volumeName);
  const wasBound = claim.metadata.annotations?.[bindCompleted] !== undefined;
  const phase = (name: string) => writeStatus(context, claims, claim, { ...claim.status, phase: name });
  if (volume === undefined) {
    if (wasBound)
      context.event(claim, 'Warning', 'ClaimLost', `Bound claim has lost its PersistentVolume ${volumeName}`);
    return void (await phase(wasBound ? 'Lost' : 'Pending'));
  }
  if (volume.spec?.claimRef && !isReservedFor(volume, claim)) {
    const text = `Volume ${volumeName} is bound to another claim`;
    context.event(claim, 'Warning', wasBound ? 'ClaimMisbound' : 'FailedBinding', text);
    return void (await phase(wasBound ? 'Lost' : 'Pending'));
  }
  const unfit = volume.spec?.claimRef || wasBound ? undefined : mismatch(volume, claim);
  if (unfit !== undefined) {
    const text = `Cannot bind to requested volume "${volumeName}": ${unfit}`;
    context.event(claim, 'Warning', 'VolumeMismatch', text);
    return void (await phase('Pending'));
  }
  await bind(context, claim, volume, false);
}

async function bindOrWait(context: ControllerContext, claim: Claim): Promise<void> {
  const pending = () => writeStatus(context, claims, claim, { ...claim.status, phase: 'Pending' });
  const className = claim.spec?.storageClassName;
  if (className === undefined) {
    const chosen = defaultClass(context.cache<StorageClass>(classes).list());
    if (chosen) {
      const spec = { ...claim.spec, storageClassName: chosen.metadata.name };
      return void (await context.client.update(claims, { ...claim, spec }));
    }
  }
  const storageClass = className ? context.cache<StorageClass>(classes).get('', className) : undefined;
  const nodeName = claim.metadata.annotations?.[selectedNode];
  const node = nodeName ? context.cache<Node>('nodes').get('', nodeName) : undefined;
  const delayed = storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && nodeName === undefined;
  const offered = offersFor(claim).flatMap((key) => context.cache<PersistentVolume>(volumes).by(offerKey, key));
  const candidates = delayed ? offered.filter((volume) => isReservedFor(volume, claim)) : offered;
  const volume = volumesFor(claim, candidates).find((it) => it.spec?.claimRef || isReachable(it, node));
  if (volume) return bind(context, claim, volume, true);
  await pending();
  if (delayed) {
    const text = 'waiting for first consumer to be created before binding';
    context.event(claim, 'Normal', 'WaitForFirstConsumer', text);
  } else if (storageClass && storageClass.provisioner !== noProvisioner) {
    await askForVolume(context, claim, storageClass.provisioner);
  } else {
    const why = className ? `class ${className} has no provisioner` : 'no storage class is set';
    context.event(claim, 'Normal', 'FailedBinding', `no persistent volumes available for this claim and ${why}`);
  }
}

function isReachable({ spec }: PersistentVolume, node: Node | undefined): boolean {
  const from = spec?.nodeAffinity?.required;
  return node === undefined || from === undefined || nodeSelectorMatches(from, node);
}

async function askForVolume(context: ControllerContext, claim: Claim, provisioner: string): Promise<void> {
  if (claim.metadata.annotations?.[storageProvisioner] === provisioner) return;
  const { namespace, name, uid } = claim.metadata;
  const body = { metadata: { uid, annotations: { [storageProvisioner]: provisioner } } };
  await context.client.patch(claims, { namespace, name }, { type: 'merge', body });
  const text = `Waiting for a volume to be created by the external provisioner '${provisioner}'`;
  context.event(claim, 'Normal', 'ExternalProvisioning', text);
}

/** The newest of the classes that are marked as the default. */
function defaultClass(all: StorageClass[]): StorageClass | undefined {
  const marked = all.filter(
    ({ metadata }) => metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true',
  );
  return marked.sort((a, b) =>
    (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''),
  )[0];
}

/** The volume first: a claim that says it is bound has a volume that says so too. */
async function bind(
  context: ControllerContext,
  claim: Claim,
  volume: PersistentVolume,
  chosen: boolean,
): Promise<void> {
  const { name, namespace, uid, resourceVersion } = claim.metadata;
  if (volume.spec!.claimRef?.uid !== uid) {
    const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name, uid, resourceVersion };
    const reserved = volume.spec!.claimRef !== undefined;
    const annotations = { ...volume.metadata.annotations, ...(reserved ? {} : { [boundByController]: 'yes' }) };
    const metadata = { ...volume.metadata, annotations };
    await context.client.update(volumes, { ...volume, metadata, spec: { ...volume.spec, claimRef } });
  }
  let bound = claim;
  if (claim.spec?.volumeName !== volume.metadata.name || !claim.metadata.annotations?.[bindCompleted]) {
    const annotations: Record<string, string> = { ...claim.metadata.annotations, [bindCompleted]: 'yes' };
    if (chosen) annotations[boundByController] = 'yes';
    bound = await context.client.update<Claim>(claims, {
      ...claim,
      metadata: { ...claim.metadata, annotations },
      spec: { ...claim.spec, volumeName: volume.metadata.name },
    });
  }
  const { accessModes, capacity } = volume.spec!;
  await writeStatus(context, claims, bound, { ...bound.status, phase: 'Bound', accessModes, capacity });
}
