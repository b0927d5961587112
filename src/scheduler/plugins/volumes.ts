import { type NodeTerm, nodeTermMatches, parseNodeTerm } from '../../api/node-selector.ts';
import type { PersistentVolume, PersistentVolumeClaim, TopologySelectorTerm } from '../../api/schema/types.d.ts';
import { noProvisioner, selectedNode, volumesFor } from '../../api/volume-match.ts';
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

const refusal = (reason: string): Refusal => ({ reason, resolvable: false });
const conflict = [refusal("node(s) didn't match PersistentVolume's node affinity")];
const noneAvailable = [refusal("node(s) didn't find available persistent volumes to bind")];

const termsOf = ({ spec }: PersistentVolume): NodeTerm[] | undefined =>
  spec?.nodeAffinity?.required?.nodeSelectorTerms.map(parseNodeTerm);

const isReachable = (terms: NodeTerm[] | undefined, node: NodeInfo) =>
  terms === undefined || terms.some((term) => nodeTermMatches(term, node));

/** The volume to bind to the claim once its pod is on this node. */
export const volumeFor = (claim: PersistentVolumeClaim, node: NodeInfo, { volumes }: Snapshot['volumes']) =>
  volumesFor(claim, volumes()).find((volume) => isReachable(termsOf(volume), node));

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
  const provisioning = storageClass.provisioner === noProvisioner ? undefined : (storageClass.allowedTopologies ?? []);
  state.waiting.push({
    volumes: volumesFor(claim, volumes.volumes()).map((volume) => ({ terms: termsOf(volume) })),
    provisioning,
    selectedNode: claim.metadata.annotations?.[selectedNode],
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
