import type { KubernetesObject } from '../../api/object.ts';
import { copyJson } from '../storage/codec.ts';
import { type Confine, confine } from '../verbs/update.ts';

/** Subresources that are the whole object to read, and one part of it to write. */
export const confinedSubresources = new Set<string>();

/** `old` with what the subresource owns taken from `object`; ownership and versions come from the new one. */
function withPart(old: KubernetesObject, object: KubernetesObject, part: Partial<KubernetesObject>): KubernetesObject {
  const { resourceVersion, managedFields } = object.metadata;
  return {
    ...copyJson(old),
    ...part,
    metadata: { ...copyJson(old.metadata), resourceVersion, managedFields },
  };
}

/** Status owns nothing but `status`; agents may label and annotate through it as upstream lets them not. */
const status: Confine = (object, old) => {
  const result = withPart(old, object, { status: object['status'] });
  if (object['status'] === undefined) delete result['status'];
  return result;
};

const finalize: Confine = (object, old) =>
  withPart(old, object, { spec: { ...old['spec'], finalizers: object['spec']?.finalizers ?? [] } });

const ephemeralContainers: Confine = (object, old) =>
  withPart(old, object, { spec: { ...old['spec'], ephemeralContainers: object['spec']?.ephemeralContainers } });

/** Only the resources of containers that exist can be resized (KEP-1287). */
const resize: Confine = (object, old) => {
  const spec = copyJson(old['spec']);
  for (const list of ['containers', 'initContainers'])
    for (const container of spec[list] ?? []) {
      const wanted = object['spec']?.[list]?.find(({ name }: { name: string }) => name === container.name);
      if (wanted === undefined) continue;
      for (const field of ['resources', 'resizePolicy'])
        if (wanted[field] !== undefined) container[field] = copyJson(wanted[field]);
    }
  return withPart(old, object, { spec });
};

/** Approval writes only conditions of a certificate signing request. */
const approval: Confine = (object, old) =>
  withPart(old, object, { status: { ...old['status'], conditions: object['status']?.conditions } });

for (const [path, limit] of Object.entries({
  'namespaces/finalize': finalize,
  'pods/ephemeralcontainers': ephemeralContainers,
  'pods/resize': resize,
  'certificatesigningrequests.certificates.k8s.io/approval': approval,
})) {
  confinedSubresources.add(path);
  confine(path.split('/')[1]!, limit);
}
confine('status', status);
