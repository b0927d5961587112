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
  claim: PersistentVolumeClaim;
  /** The best first. */
  volumes: { volume: PersistentVolume; terms: NodeTerm[] | undefined }[];
  provisioning: TopologySelectorTerm[] | undefined;
  /** Another pod with the same claim was first: the volume is being made for this node, if it is still there. */
  selectedNode: string | undefined;
};

const refusal = (reason: string): Refusal => ({ reason, resolvable: false });
const conflict = [refusal("node(s) didn't match PersistentVolume's node affinity")];
const noneAvailable = [refusal("node(s) didn't find available persistent volumes to bind")];

const termsOf = ({ spec }: PersistentVolume): NodeTerm[] | undefined =>
  spec?.nodeAffinity?.required?.nodeSelectorTerms.map(parseNodeTerm);

const isReachable = (terms: NodeTerm[] | undefined, node: NodeInfo) =>
  terms === undefined || terms.some((term) => nodeTermMatches(term, node));

/** How a claim gets its volume; undefined: one is made for it. */
export type Binding = { claim: PersistentVolumeClaim; volume: PersistentVolume | undefined };

/** How all of these claims get volumes on this node, each another one; undefined when one of them gets none. */
function bindingsOn(node: NodeInfo, waiting: Waiting[]): Binding[] | undefined {
  const bindings: Binding[] = [];
  for (const { claim, volumes, provisioning, selectedNode = node.name } of waiting) {
    const isFree = ({ metadata: { name } }: PersistentVolume) =>
      !bindings.some(({ volume }) => volume?.metadata.name === name);
    const found = volumes.find(({ volume, terms }) => isFree(volume) && isReachable(terms, node));
    const canBeMade = provisioning !== undefined && selectedNode === node.name && isAllowed(provisioning, node);
    if (found === undefined && !canBeMade) return undefined;
    bindings.push({ claim, volume: found?.volume });
  }
  return bindings;
}

/** What is to be bound of the pod's claims once it is on this node. Throws when that is not possible any more. */
export function bindingsFor(pod: PodInfo, node: NodeInfo, snapshot: Snapshot): Binding[] {
  const prepared = prepare(pod, snapshot);
  if (prepared === undefined) return [];
  const bindings = 'state' in prepared ? bindingsOn(node, prepared.state.waiting) : undefined;
  if (bindings === undefined) throw new Error(`binding volumes: those on node ${node.name} are no longer available`);
  return bindings;
}

/** Adds what the claim demands of a node, or says why no node will do. */
function look(claim: PersistentVolumeClaim, { volumes, node }: Snapshot, state: State): Refusal | undefined {
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
  const chosen = node(claim.metadata.annotations?.[selectedNode] ?? '');
  state.waiting.push({
    claim,
    volumes: volumesFor(claim, volumes.offeredTo(claim)).map((volume) => ({ volume, terms: termsOf(volume) })),
    provisioning,
    selectedNode: chosen?.name,
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
  for (const name of new Set(pod.claims)) {
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
    return bindingsOn(node, waiting) === undefined ? noneAvailable : undefined;
  },
};
