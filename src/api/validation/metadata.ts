import type { KubernetesObject, ObjectMeta } from '../object.ts';
import type { FieldError } from '../status.ts';
import { ErrorList, forbiddenValue, immutable, invalidValue, required, tooLong } from './errors.ts';
import { labelValue, type NameCheck, qualifiedName } from './names.ts';

/** Names and values of all annotations of one object together (apimachinery/pkg/api/validation, TotalAnnotationSizeLimitB). */
const annotationBytesMax = 256 * 1024;
/** Lists that upstream leaves unbounded: no honest object comes near. */
const ownersMax = 100;
const finalizersMax = 100;

/** Source: k8s.io/apimachinery/pkg/api/validation/objectmeta.go. */
export function validateMetadata(
  metadata: ObjectMeta,
  { namespaced, name: checkName, anyFinalizer }: { namespaced: boolean; name: NameCheck; anyFinalizer: boolean },
): FieldError[] {
  const errors = new ErrorList();
  const { name, generateName, namespace } = metadata;
  if (!name) errors.push(required('metadata.name', 'name or generateName is required'));
  else {
    const wrong = checkName(name);
    if (wrong) errors.push(invalidValue('metadata.name', name, wrong));
  }
  // A generated name ends in letters: what is before them may end in a hyphen or dot.
  const wrongPrefix = generateName ? checkName(generateName.replace(/[-.]$/, 'a')) : undefined;
  if (wrongPrefix) errors.push(invalidValue('metadata.generateName', generateName, wrongPrefix));
  if (namespaced && !namespace) errors.push(required('metadata.namespace'));
  if (!namespaced && namespace) errors.push(forbiddenValue('metadata.namespace', 'not allowed on this type'));
  if (metadata.labels) validateLabels(metadata.labels, 'metadata.labels', errors);
  if (metadata.annotations) validateAnnotations(metadata.annotations, 'metadata.annotations', errors);
  if (metadata.finalizers) validateFinalizers(metadata.finalizers, anyFinalizer, errors);
  if (metadata.ownerReferences) validateOwners(metadata.ownerReferences, errors);
  return errors;
}

export function validateLabels(labels: Record<string, string>, field: string, errors: FieldError[]): void {
  for (const key of Object.keys(labels)) {
    const wrongKey = qualifiedName(key);
    if (wrongKey) errors.push(invalidValue(field, key, wrongKey));
    const wrongValue = labelValue(labels[key]!);
    if (wrongValue) errors.push(invalidValue(field, labels[key], wrongValue));
  }
}

export function validateAnnotations(annotations: Record<string, string>, field: string, errors: FieldError[]): void {
  let bytes = 0;
  for (const key of Object.keys(annotations)) {
    const wrong = qualifiedName(key.toLowerCase());
    if (wrong) errors.push(invalidValue(field, key, wrong));
    bytes += key.length + Buffer.byteLength(annotations[key]!);
  }
  if (bytes > annotationBytesMax) errors.push(tooLong(field, annotationBytesMax));
}

const standardFinalizers = ['foregroundDeletion', 'kubernetes', 'orphan'];

function validateFinalizers(finalizers: string[], any: boolean, errors: FieldError[]): void {
  const field = 'metadata.finalizers';
  if (finalizers.length > finalizersMax)
    errors.push(invalidValue(field, finalizers.length, `must have at most ${finalizersMax} items`));
  finalizers.forEach((name, index) => {
    const wrong = qualifiedName(name);
    if (wrong) errors.push(invalidValue(field, name, wrong));
    if (!any && !name.includes('/') && !standardFinalizers.includes(name))
      errors.push(
        invalidValue(`${field}[${index}]`, name, 'name is neither a standard finalizer name nor is it fully qualified'),
      );
  });
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion'))
    errors.push(invalidValue(field, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set'));
}

function validateOwners(owners: NonNullable<ObjectMeta['ownerReferences']>, errors: FieldError[]): void {
  const field = 'metadata.ownerReferences';
  if (owners.length > ownersMax)
    errors.push(invalidValue(field, owners.length, `must have at most ${ownersMax} items`));
  for (const owner of owners) {
    // Upstream names the list, not the item.
    if (!/^[^/]+(\/[^/]+)?$/.test(owner.apiVersion ?? ''))
      errors.push(invalidValue(`${field}.apiVersion`, owner.apiVersion ?? '', 'version must not be empty'));
    for (const key of ['kind', 'name', 'uid'] as const)
      if (!owner[key]) errors.push(invalidValue(`${field}.${key}`, '', 'must not be empty'));
    if (owner.apiVersion === 'v1' && owner.kind === 'Event')
      errors.push(invalidValue(field, owner.kind, '/v1, Kind=Event is disallowed from being an owner'));
  }
  const controllers = owners.filter(({ controller }) => controller);
  if (controllers.length > 1)
    errors.push(
      invalidValue(
        field,
        controllers.map(({ name }) => name),
        'Only one reference can have Controller set to true',
      ),
    );
}

/** What no update may change. Finalizers may only shrink once the object is being deleted. */
export function validateMetadataUpdate(object: KubernetesObject, old: KubernetesObject): FieldError[] {
  const errors = new ErrorList();
  const { metadata } = object;
  const before = old.metadata;
  for (const key of ['name', 'namespace', 'uid', 'creationTimestamp', 'deletionTimestamp'] as const)
    if ((metadata[key] ?? '') !== (before[key] ?? '')) errors.push(immutable(`metadata.${key}`, metadata[key]));
  if ((metadata.deletionGracePeriodSeconds ?? 0) !== (before.deletionGracePeriodSeconds ?? 0))
    errors.push(immutable('metadata.deletionGracePeriodSeconds', metadata.deletionGracePeriodSeconds));
  if (before.deletionTimestamp) {
    const added = (metadata.finalizers ?? []).filter((name) => !before.finalizers?.includes(name));
    if (added.length > 0)
      errors.push(
        forbiddenValue(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
        ),
      );
  }
  return errors;
}
