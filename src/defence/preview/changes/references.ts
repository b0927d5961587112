import type { Manifest } from '../../contract.ts';
import { refText } from '../../object-ref.ts';
import { changedRef, type Snapshot } from '../../snapshot/snapshot.ts';
import { type AdmissionRule, admission, type Refusal } from '../admission.ts';
import { namespaceOf } from '../candidates.ts';
import type { Previewer, Scope } from '../scope.ts';

const kinds = ['ConfigMap', 'Secret', 'PersistentVolumeClaim', 'ServiceAccount'];
/** Every namespace of a cluster gets these by itself. */
const made = new Set(['ConfigMap kube-root-ca.crt', 'ServiceAccount default']);

const rule: AdmissionRule = {
  name: 'what it refers to',
  touches: (change) => (kinds.includes(changedRef(change).kind) ? [changedRef(change).namespace || 'default'] : []),
  refuses: (snapshot, before) => (candidate) => missing(snapshot, before, candidate.pod, namespaceOf(candidate.object)),
};

const starts = admission(rule);

/** What pods need to start: configuration, secrets with their keys, claims and their ServiceAccount. */
export const references: Previewer = {
  ...starts,
  impacts(scope) {
    const judged = starts.impacts(scope);
    return { ...judged, notAssessed: [...(judged.notAssessed ?? []), ...otherContent(scope)] };
  },
};

/** That it is there says nothing of what it says, and other things than pods read it. */
const otherContent = ({ changes, before }: Scope): string[] =>
  changes
    .filter((change) => kinds.includes(changedRef(change).kind) && before.get(changedRef(change)) !== undefined)
    .map((change) => {
      const how = 'put' in change ? 'works with what is then written there' : 'works without it, if that is not a pod';
      return `${refText(changedRef(change))}: whether what uses it ${how}`;
    });

/** What a pod names, and without which it does not start; `key`: that key of it. */
type Needed = {
  kind: string;
  name: string;
  key?: string;
  /** Without it an image is pulled only where that takes no login. */
  forPulls?: true;
};

function missing(snapshot: Snapshot, before: Snapshot, pod: Manifest, namespace: string): Refusal | undefined {
  const lacks = (at: Snapshot) => (each: Needed) => lackOf(at, each, namespace) !== undefined;
  const lacking = referred(pod)
    .filter(({ kind, name }) => !made.has(`${kind} ${name}`) && snapshot.whyUnread(kind) === undefined)
    .filter(lacks(snapshot));
  if (lacking.length === 0) return undefined;
  // Manifests may be a part of what there is: only what the change takes away is known to be missing.
  const isKnown = ({ forPulls, ...each }: Needed) =>
    forPulls === undefined &&
    (snapshot.source === 'cluster' || snapshot.get({ ...each, namespace }) !== undefined || !lacks(before)(each));
  const by = new Set(lacking.map(({ kind, name }) => refText({ kind, namespace, name })));
  const whys = new Set(lacking.map((each) => lackOf(snapshot, each, namespace)));
  return { outcome: lacking.some(isKnown) ? 'breaks' : 'unknown', why: [...whys].join(', '), by: [...by] };
}

/** What of it is not there, as a sentence. Values of Secrets are not read of a cluster: any key may be in them. */
function lackOf(snapshot: Snapshot, { kind, name, key, forPulls }: Needed, namespace: string): string | undefined {
  const ref = { kind, namespace, name };
  const found = snapshot.get(ref);
  const purpose = forPulls ? ', with which images are pulled,' : '';
  if (found === undefined) return `${refText(ref)}${purpose} does not exist`;
  const { data, binaryData, stringData } = found;
  const isRead = kind === 'ConfigMap' || data !== undefined || stringData !== undefined;
  const has = (key: string) => [data, binaryData, stringData].some((part) => part && Object.hasOwn(part, key));
  if (key === undefined || !isRead || has(key)) return undefined;
  return `${refText(ref)} has no key ${key}`;
}

/** All that must be there before the pod's containers start. */
function referred({ spec }: Manifest): Needed[] {
  const needed = (kind: string, reference: any, field = 'name'): Needed[] => {
    const name = reference?.[field];
    if (typeof name !== 'string' || reference.optional === true) return [];
    const keys: Needed[] = [reference.key, ...(reference.items ?? []).map((item: any) => item?.key)]
      .filter((key) => typeof key === 'string')
      .map((key) => ({ kind, name, key }));
    return [{ kind, name }, ...keys];
  };
  const ofVolume = (volume: any): Needed[] => [
    ...needed('ConfigMap', volume?.configMap),
    ...needed('Secret', volume?.secret, 'secretName'),
    ...needed('Secret', volume?.csi?.nodePublishSecretRef),
    ...needed('PersistentVolumeClaim', volume?.persistentVolumeClaim, 'claimName'),
    ...(volume?.projected?.sources ?? []).flatMap((source: any) => [
      ...needed('ConfigMap', source?.configMap),
      ...needed('Secret', source?.secret),
    ]),
  ];
  const ofContainer = (container: any): Needed[] => [
    ...(container?.env ?? []).flatMap(({ valueFrom }: any) => [
      ...needed('ConfigMap', valueFrom?.configMapKeyRef),
      ...needed('Secret', valueFrom?.secretKeyRef),
    ]),
    ...(container?.envFrom ?? []).flatMap((source: any) => [
      ...needed('ConfigMap', source?.configMapRef),
      ...needed('Secret', source?.secretRef),
    ]),
  ];
  const pulling = (spec.imagePullSecrets ?? []).flatMap((secret: any) => needed('Secret', secret));
  return [
    ...(spec.volumes ?? []).flatMap(ofVolume),
    ...[...(spec.initContainers ?? []), ...(spec.containers ?? [])].flatMap(ofContainer),
    ...needed('ServiceAccount', spec, 'serviceAccountName'),
    ...pulling.map((each: Needed): Needed => ({ ...each, forPulls: true })),
  ];
}
