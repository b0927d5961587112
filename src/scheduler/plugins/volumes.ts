import { type NodeTerm, nodeTermMatches, parseNodeTerm } from '../../api/node-selector.ts';
import type { PersistentVolume, PersistentVolumeClaim, TopologySelectorTerm } from '../../api/schema/types.d.ts';
import { matchesSelector } from '../../api/selectors.ts';
import { quantityValue } from '../../foundation/quantity.ts';
import type { NodeInfo } from '../node-info.ts';
import type { Plugin, Refusal } from '../plugin.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';

/** Where a bound volume can be reached from, and what could still be bound to each claim that waits for a node. */
type State = { bound: NodeTerm[][]; waiting: Waiting[] };
type Waiting = {
  volumes: { terms: NodeTerm[] | undefined }[];
  provisioning: TopologySelectorTerm[] | undefined;
  /** Another pod with the same claim was first: the volume is being made for this node. */
  selectedNode: string | undefined;
};

/** How a scheduler tells a provisioner for which node to make a volume. */
export const selectedNodeAnnotation = 'volume.kubernetes.io/selected-node';

const noProvisioner = 'kubernetes.io/no-provisioner';
const refusal = (reason: string): Refusal => ({ reason, resolvable: false });
const conflict = [refusal("node(s) didn't match PersistentVolume's node affinity")];
const noneAvailable = [refusal("node(s) didn't find available persistent volumes to bind")];

const termsOf = ({ spec }: PersistentVolume): NodeTerm[] | undefined =>
  spec?.nodeAffinity?.required?.nodeSelectorTerms.map(parseNodeTerm);

const isReachable = (terms: NodeTerm[] | undefined, node: NodeInfo) =>
  terms === undefined || terms.some((term) => nodeTermMatches(term, node));

/** The smallest volume that could be bound to the claim and can be reached from the node. */
export function volumeFor(
  claim: PersistentVolumeClaim,
  node: NodeInfo,
  volumes: Snapshot['volumes'],
): PersistentVolume | undefined {
  const size = ({ spec }: PersistentVolume) => quantityValue(spec?.capacity?.['storage']);
  return [...volumes.volumes()]
    .filter((volume) => suits(volume, claim) && isReachable(termsOf(volume), node))
    .sort((one, other) => size(one) - size(other))[0];
}

/** Could this volume be bound to the claim? Large enough, and reserved for it or free with what the claim asks for. */
function suits({ metadata, spec, status }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { claimRef, capacity, accessModes = [], storageClassName = '', volumeMode = 'Filesystem' } = spec ?? {};
  const wanted = claim.spec ?? {};
  const canServe =
    metadata.deletionTimestamp === undefined &&
    volumeMode === (wanted.volumeMode ?? 'Filesystem') &&
    quantityValue(capacity?.['storage']) >= quantityValue(wanted.resources?.requests?.['storage']);
  if (!canServe) return false;
  if (claimRef !== undefined) {
    const { namespace, name, uid } = claim.metadata;
    return claimRef.namespace === namespace && claimRef.name === name && (!claimRef.uid || claimRef.uid === uid);
  }
  return (
    status?.phase !== 'Released' &&
    storageClassName === (wanted.storageClassName ?? '') &&
    (wanted.accessModes ?? []).every((mode) => accessModes.includes(mode)) &&
    (wanted.selector === undefined || matchesSelector(wanted.selector, metadata.labels))
  );
}

/** Adds what the claim demands of a node, or says why no node will do. */
function look(claim: PersistentVolumeClaim, { volumes }: Snapshot, state: State): Refusal | undefined {
  const { name } = claim.metadata;
  if (claim.metadata.deletionTimestamp) return refusal(`persistentvolumeclaim "${name}" is being deleted`);
  const { volumeName, storageClassName } = claim.spec ?? {};
  if (volumeName) {
    const volume = volumes.volume(volumeName);
    if (volume === undefined) return refusal(`persistentvolume "${volumeName}" not found`);
    const terms = termsOf(volume);
    if (terms) state.bound.push(terms);
    return undefined;
  }
  const storageClass = storageClassName ? volumes.storageClass(storageClassName) : undefined;
  if (storageClass?.volumeBindingMode !== 'WaitForFirstConsumer')
    return refusal('pod has unbound immediate PersistentVolumeClaims');
  const fitting = [...volumes.volumes()].filter((volume) => suits(volume, claim));
  const provisioning = storageClass.provisioner === noProvisioner ? undefined : (storageClass.allowedTopologies ?? []);
  state.waiting.push({
    volumes: fitting.map((volume) => ({ terms: termsOf(volume) })),
    provisioning,
    selectedNode: claim.metadata.annotations?.[selectedNodeAnnotation],
  });
  return undefined;
}

const isAllowed = (topologies: TopologySelectorTerm[], { labels }: NodeInfo) =>
  topologies.length === 0 ||
  topologies.some(({ matchLabelExpressions = [] }) =>
    matchLabelExpressions.every(({ key, values }) => labels[key] !== undefined && values.includes(labels[key])),
  );

function prepare(pod: PodInfo, snapshot: Snapshot): { state: State } | { refused: Refusal } | undefined {
  if (pod.claims.length === 0) return undefined;
  const state: State = { bound: [], waiting: [] };
  for (const name of pod.claims) {
    const claim = snapshot.volumes.claim(pod.namespace, name);
    if (claim === undefined) return { refused: refusal(`persistentvolumeclaim "${name}" not found`) };
    const refused = look(claim, snapshot, state) ?? usedAlone(claim, pod, snapshot);
    if (refused) return { refused };
  }
  return { state };
}

/** ReadWriteOncePod: one pod in the whole cluster. */
function usedAlone({ metadata, spec }: PersistentVolumeClaim, pod: PodInfo, snapshot: Snapshot): Refusal | undefined {
  if (!spec?.accessModes?.includes('ReadWriteOncePod')) return undefined;
  for (const other of snapshot.podsIn(pod.namespace))
    if (other.uid !== pod.uid && other.claims.includes(metadata.name))
      return refusal('node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode');
  return undefined;
}

/** Volumes must be reachable from the node: those that are bound, and those that will be once the node is known. */
export const volumes: Plugin<State> = {
  name: 'VolumeBinding',
  wakes: ['volume', 'node', 'pod-gone'],
  prepare,
  filter({ bound, waiting }, _pod, node) {
    if (!bound.every((terms) => isReachable(terms, node))) return conflict;
    const canBind = ({ volumes, provisioning, selectedNode = node.name }: Waiting) =>
      volumes.some(({ terms }) => isReachable(terms, node)) ||
      (provisioning !== undefined && selectedNode === node.name && isAllowed(provisioning, node));
    return waiting.every(canBind) ? undefined : noneAvailable;
  },
};
