import type { Manifest } from '../../contract.ts';
import { refText } from '../../object-ref.ts';
import { changedRef, type Snapshot } from '../../snapshot/snapshot.ts';
import { admission, type Refusal } from '../admission.ts';
import { namespaceOf } from '../candidates.ts';

const kinds = ['ConfigMap', 'Secret', 'PersistentVolumeClaim', 'ServiceAccount'];
/** Every namespace of a cluster gets these by itself. */
const made = new Set(['ConfigMap kube-root-ca.crt', 'ServiceAccount default']);

/** What pods need to start: configuration, secrets, claims and their ServiceAccount. */
export const references = admission({
  name: 'what it refers to',
  touches: (change) => (kinds.includes(changedRef(change).kind) ? [changedRef(change).namespace || 'default'] : []),
  refuses: (snapshot, before) => (candidate) => missing(snapshot, before, candidate.pod, namespaceOf(candidate.object)),
});

function missing(snapshot: Snapshot, before: Snapshot, pod: Manifest, namespace: string): Refusal | undefined {
  const gone = [...new Set(referred(pod))]
    .filter((text) => !made.has(text))
    .map((text) => {
      const [kind = '', name = ''] = text.split(' ');
      return { kind, name };
    })
    .filter(({ kind }) => snapshot.whyUnread(kind) === undefined)
    .filter((each) => !isIn(snapshot, each, namespace));
  if (gone.length === 0) return undefined;
  // Manifests may be a part of what there is: only what the change takes away is known to be missing.
  const isKnown = snapshot.source === 'cluster' || gone.some((each) => isIn(before, each, namespace));
  const by = gone.map(({ kind, name }) => refText({ kind, namespace, name }));
  const why = `${by.join(', ')} ${by.length === 1 ? 'does' : 'do'} not exist`;
  return { outcome: isKnown ? 'breaks' : 'unknown', why, by };
}

/** A manifest that names no namespace is meant for `default`. */
const isIn = (snapshot: Snapshot, { kind, name }: { kind: string; name: string }, namespace: string): boolean =>
  [namespace, ...(namespace === 'default' ? [''] : [])].some(
    (place) => snapshot.get({ kind, namespace: place, name }) !== undefined,
  );

/** `ConfigMap web`: all that must be there before the pod's containers start. */
function referred({ spec }: Manifest): string[] {
  const needed = (kind: string, reference: any, key = 'name') =>
    typeof reference?.[key] === 'string' && reference.optional !== true ? [`${kind} ${reference[key]}`] : [];
  const ofVolume = (volume: any): string[] => [
    ...needed('ConfigMap', volume?.configMap),
    ...needed('Secret', volume?.secret, 'secretName'),
    ...needed('PersistentVolumeClaim', volume?.persistentVolumeClaim, 'claimName'),
    ...(volume?.projected?.sources ?? []).flatMap((source: any) => [
      ...needed('ConfigMap', source?.configMap),
      ...needed('Secret', source?.secret),
    ]),
  ];
  const ofContainer = (container: any): string[] => [
    ...(container?.env ?? []).flatMap(({ valueFrom }: any) => [
      ...needed('ConfigMap', valueFrom?.configMapKeyRef),
      ...needed('Secret', valueFrom?.secretKeyRef),
    ]),
    ...(container?.envFrom ?? []).flatMap((source: any) => [
      ...needed('ConfigMap', source?.configMapRef),
      ...needed('Secret', source?.secretRef),
    ]),
  ];
  return [
    ...(spec.volumes ?? []).flatMap(ofVolume),
    ...[...(spec.initContainers ?? []), ...(spec.containers ?? [])].flatMap(ofContainer),
    ...needed('ServiceAccount', spec, 'serviceAccountName'),
  ];
}
