import type { KubernetesObject } from '../../api/object.ts';
import type { AdmissionPlugin, Lookup } from '../contracts.ts';
import { concerns } from './about.ts';

/** The newest of the classes that are marked as default; the name decides between equally old ones. */
function defaultClass(lookup: Lookup, resource: string, annotation: string): string | undefined {
  const marked = lookup.list(resource).filter(({ metadata }) => metadata.annotations?.[annotation] === 'true');
  const age = ({ metadata }: KubernetesObject) => Date.parse(metadata.creationTimestamp ?? '') || 0;
  marked.sort((left, right) => age(right) - age(left) || (left.metadata.name < right.metadata.name ? -1 : 1));
  return marked[0]?.metadata.name;
}

/** A claim that names no storage class gets the default one; "" means none on purpose. */
export const defaultStorageClass: AdmissionPlugin = {
  name: 'DefaultStorageClass',
  mutate(request) {
    if (!concerns(request, 'CREATE', 'persistentvolumeclaims')) return;
    const { spec, metadata } = request.object!;
    const old = metadata.annotations?.['volume.beta.kubernetes.io/storage-class'];
    if (spec === undefined || spec.storageClassName !== undefined || old !== undefined) return;
    const annotation = 'storageclass.kubernetes.io/is-default-class';
    const name = defaultClass(request.lookup, 'storageclasses.storage.k8s.io', annotation);
    if (name !== undefined) spec.storageClassName = name;
  },
};

/** An ingress that names no class gets the default one. */
export const defaultIngressClass: AdmissionPlugin = {
  name: 'DefaultIngressClass',
  mutate(request) {
    if (!concerns(request, 'CREATE', 'ingresses.networking.k8s.io')) return;
    const { spec, metadata } = request.object!;
    const old = metadata.annotations?.['kubernetes.io/ingress.class'];
    if (spec === undefined || spec.ingressClassName !== undefined || old !== undefined) return;
    const annotation = 'ingressclass.kubernetes.io/is-default-class';
    const name = defaultClass(request.lookup, 'ingressclasses.networking.k8s.io', annotation);
    if (name !== undefined) spec.ingressClassName = name;
  },
};
