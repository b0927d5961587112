import type { Manifest } from './contract.ts';

/** `Deployment.apps`, with the namespace ('' for the whole cluster) and the name of one object. */
export type ObjectRef = { kind: string; namespace: string; name: string };

/** Kinds that moved from the group in which they began. */
const moved: Record<string, string> = {
  'Deployment.extensions': 'Deployment.apps',
  'ReplicaSet.extensions': 'ReplicaSet.apps',
  'DaemonSet.extensions': 'DaemonSet.apps',
  'NetworkPolicy.extensions': 'NetworkPolicy.networking.k8s.io',
  'Ingress.extensions': 'Ingress.networking.k8s.io',
  'PodSecurityPolicy.extensions': 'PodSecurityPolicy.policy',
};

/** `Deployment.apps` for any version of the group, `Pod` for the core group. */
export function kindName({ apiVersion, kind }: Manifest): string {
  const slash = apiVersion.indexOf('/');
  const name = slash === -1 ? kind : `${kind}.${apiVersion.slice(0, slash)}`;
  return moved[name] ?? name;
}

/** The same of a kind that is described, not of an object. */
export const kindNameOf = ({ group, kind }: { group: string; kind: string }): string =>
  group === '' ? kind : `${kind}.${group}`;

/** `Deployment` of `Deployment.apps`. */
export const bareKind = (kind: string): string => kind.split('.')[0]!;

export const refOf = (object: Manifest): ObjectRef => ({
  kind: kindName(object),
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
});

/** `Deployment.apps shop/web`: equal for equal references. */
export const refKey = ({ kind, namespace, name }: ObjectRef): string =>
  `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;

/** `Deployment shop/web`, for people. */
export const refText = ({ kind, ...place }: ObjectRef): string => refKey({ ...place, kind: bareKind(kind) });

/** `Deployment shop/web`, also of an object that gets its name when it is created. */
export const objectText = ({ kind, metadata }: Manifest): string =>
  refKey({ kind, namespace: metadata.namespace || '', name: metadata.name ?? metadata.generateName ?? '' });

/** `shop/web`, or the name alone. */
export const nameOf = ({ metadata }: Manifest): string =>
  metadata.namespace ? `${metadata.namespace}/${metadata.name}` : metadata.name;
