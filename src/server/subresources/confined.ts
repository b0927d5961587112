import { type Kind, resourceName } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { invalid } from '../../api/status.ts';
import { copyJson, equalJson } from '../../foundation/json.ts';
import { type Confinement, confine } from '../verbs/update.ts';

type Limit = Confinement['limit'];

/** Subresources that are the whole object to read, and one part of it to write. */
export const confinedSubresources = new Set<string>();

/** `old` with what the subresource owns taken from `object`; ownership and versions come from the new one. */
function withPart(old: KubernetesObject, object: KubernetesObject, part: Partial<KubernetesObject>): KubernetesObject {
  const { resourceVersion, managedFields } = object.metadata;
  const { managedFields: _, ...metadata } = old.metadata;
  const own = { ...copyJson(metadata), resourceVersion, managedFields };
  const result: KubernetesObject = { ...old, ...part, metadata: own };
  // Private, as defaults are set in place; what is taken from elsewhere is not copied first.
  for (const field in old) if (field !== 'metadata' && !(field in part)) result[field] = copyJson(old[field]);
  return result;
}

/** Built-in kinds whose annotations cannot be written through their status. */
const plainStatus = new Set([
  ...['resourceclaims.resource.k8s.io', 'servicecidrs.networking.k8s.io', 'volumeattachments.storage.k8s.io'],
  'validatingadmissionpolicies.admissionregistration.k8s.io',
]);

/**
 * Who may write the status of a built-in kind may annotate it, as upstream has it; of all others, custom resources too,
 * status is `status` alone. Labels stay, which upstream lets through, too: policies, Pod Security and services select by
 * them, and previews look at changes of the object itself. Source: the status strategies in kubernetes/kubernetes
 * pkg/registry, by whether they call ResetObjectMetaForStatus.
 */
function report(status: unknown, object: KubernetesObject, old: KubernetesObject, kind: Kind): KubernetesObject {
  const result = withPart(old, object, { status });
  if (status === undefined) delete result['status'];
  const isBuiltIn = kind.schema.definition !== undefined;
  if (!isBuiltIn || plainStatus.has(resourceName(kind))) return result;
  const { annotations } = object.metadata;
  if (annotations === undefined) delete result.metadata.annotations;
  else result.metadata.annotations = annotations;
  return result;
}

const status: Limit = (object, old, kind) => report(object['status'], object, old, kind);

const finalize: Limit = (object, old) =>
  withPart(old, object, { spec: { ...copyJson(old['spec']), finalizers: object['spec']?.finalizers ?? [] } });

/** Debug containers are only added: one that runs cannot be changed or taken back. */
const ephemeralContainers: Limit = (object, old) => {
  const present: { name: string }[] = old['spec'].ephemeralContainers ?? [];
  const wanted: { name: string }[] = object['spec']?.ephemeralContainers ?? [];
  const changed = present.find((each) => !wanted.some((other) => other.name === each.name && equalJson(other, each)));
  if (changed !== undefined)
    throw invalid('Pod', '', old.metadata.name, [
      {
        reason: 'FieldValueForbidden',
        field: 'spec.ephemeralContainers',
        message: `Forbidden: existing ephemeral containers ${JSON.stringify(changed.name)} may not be changed or removed`,
      },
    ]);
  return withPart(old, object, { spec: { ...copyJson(old['spec']), ephemeralContainers: wanted } });
};

/** Only the resources of containers that exist can be resized (KEP-1287). */
const resize: Limit = (object, old) => {
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

/** Of the status of a certificate signing request, approval writes only the conditions. */
const approval: Limit = (object, old, kind) =>
  report({ ...old['status'], conditions: object['status']?.conditions }, object, old, kind);

const parts: Record<string, Confinement> = {
  'namespaces/finalize': { limit: finalize, validates: 'object' },
  'pods/ephemeralcontainers': { limit: ephemeralContainers, validates: 'object' },
  'pods/resize': { limit: resize, validates: 'object' },
  'certificatesigningrequests.certificates.k8s.io/approval': { limit: approval, validates: 'status' },
};
for (const [path, confinement] of Object.entries(parts)) {
  confinedSubresources.add(path);
  confine(path.split('/')[1]!, confinement);
}
confine('status', { limit: status, validates: 'status' });
