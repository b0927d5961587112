import type { Kind } from '../../api/kind.ts';
import { apiVersionOf } from '../../api/kind.ts';
import { updateManagedFields } from '../../api/merge/merge.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { ApiError, badRequest, conflict, type FieldError, invalid } from '../../api/status.ts';
import { invalidValue, tooLong } from '../../api/validation/errors.ts';
import { formatTime } from '../../foundation/clock.ts';
import { equalJson } from '../../foundation/json.ts';
import type { Context } from '../context.ts';
import type { AdmissionRequest } from '../contracts.ts';
import { refusedOption } from './options.ts';

const managerLengthMax = 128;

/** Who the change is ascribed to in managedFields: the query parameter, or the first word of the user agent. */
export function managerOf({ target, request }: Context): string {
  const asked = target.query.get('fieldManager');
  if (asked !== null && asked.length > managerLengthMax)
    throw refusedOption(target.verb, tooLong('fieldManager', managerLengthMax));
  if (asked !== null && /\p{C}/u.test(asked))
    throw refusedOption(target.verb, invalidValue('fieldManager', asked, 'may hold printable characters only'));
  return asked || request.userAgent.split('/')[0]!.slice(0, managerLengthMax) || 'unknown';
}

export function track(context: Context, old: KubernetesObject | undefined, object: KubernetesObject): void {
  const { kind, target } = context;
  const owner = {
    manager: managerOf(context),
    operation: 'Update' as const,
    apiVersion: apiVersionOf(kind),
    time: formatTime(context.clock.now()),
    ...(target.subresource === '' ? {} : { subresource: target.subresource }),
  };
  const fields = updateManagedFields(old, object, owner, kind.schema);
  if (fields.length > 0) object.metadata.managedFields = fields;
  else delete object.metadata.managedFields;
}

/**
 * Awaited between the steps of a write: who came in the same turn takes each step before anybody takes the next (see
 * http/turn.ts), so that its code is still in the processor's caches. A create costs a tenth less of the processor.
 */
export const endOfStep = Promise.resolve();

/** Runs the admission chain: every `mutate` in order, then `between` (validation), then every `validate`. */
export async function admit(
  context: Context,
  operation: AdmissionRequest['operation'],
  { object, old, name }: { object?: KubernetesObject; old?: KubernetesObject; name?: string },
  between: () => void = () => {},
): Promise<void> {
  const { kind, target, user, dryRun, lookup, warn, annotate } = context;
  const request: AdmissionRequest = {
    operation,
    kind,
    subresource: target.subresource,
    namespace: target.namespace,
    name: name ?? object?.metadata.name ?? target.name,
    object,
    oldObject: old,
    user,
    dryRun,
    lookup,
    warn,
    annotate,
  };
  const { admission } = context.defences;
  // By index, and waiting only for who is not done: an iterator and a promise per plugin are made for every request.
  for (let index = 0; index < admission.length; index++) {
    const pending = admission[index]!.mutate?.(request);
    if (pending !== undefined) await pending;
  }
  await endOfStep;
  between();
  await endOfStep;
  for (let index = 0; index < admission.length; index++) {
    const pending = admission[index]!.validate?.(request);
    if (pending !== undefined) await pending;
  }
}

/** Throws Invalid with every error. */
export function check(kind: Kind, name: string, errors: FieldError[]): void {
  if (errors.length > 0) throw invalid(kind.kind, kind.group, name, errors);
}

/** What people should know of an object that was found valid. */
export function warnOf({ kind, warn }: Context, object: KubernetesObject, old?: KubernetesObject): void {
  if (kind.warnings !== undefined) for (const warning of kind.warnings(object, old)) warn(warning);
}

/** Namespace and name of the body must be those of the URL, or absent. */
export function matchUrl({ kind, target }: Context, object: KubernetesObject): void {
  const { metadata } = object;
  if (kind.namespaced) {
    if (metadata.namespace !== undefined && metadata.namespace !== '' && metadata.namespace !== target.namespace)
      throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
    metadata.namespace = target.namespace;
  } else delete metadata.namespace;
  if (target.name === '') return;
  if (metadata.name === undefined || metadata.name === '') metadata.name = target.name;
  if (metadata.name !== target.name)
    throw badRequest(`the name of the object (${metadata.name}) does not match the name on the URL (${target.name})`);
}

/** Refuses an update of an object that has changed since the client read it. */
export function checkVersion({ kind, target }: Context, object: KubernetesObject, old: KubernetesObject): void {
  const { resourceVersion, uid } = object.metadata;
  const subject = { group: kind.group, resource: kind.resource, name: target.name };
  if (uid !== undefined && uid !== '' && uid !== old.metadata.uid)
    throw conflict(
      subject,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
  if (resourceVersion === undefined || resourceVersion === '' || resourceVersion === '0') return;
  if (!/^\d+$/.test(resourceVersion))
    throw new ApiError('BadRequest', `metadata.resourceVersion: Invalid value: "${resourceVersion}": must be a number`);
  if (resourceVersion !== old.metadata.resourceVersion)
    throw conflict(
      subject,
      'the object has been modified; please apply your changes to the latest version and try again',
    );
}

const systemFields = ['uid', 'creationTimestamp', 'generation'] as const;
/** These stay as well, but who sets one is refused: it would not do what it says. */
const lastingFields = ['deletionTimestamp', 'deletionGracePeriodSeconds'] as const;

/** What the system alone sets stays as it was; only `generateName` may be set by the first who knows one. */
export function keepSystemFields(object: KubernetesObject, old: KubernetesObject): void {
  const metadata: Record<string, unknown> = object.metadata;
  for (const name of systemFields) {
    const kept = old.metadata[name];
    if (kept !== undefined) metadata[name] = kept;
    else if (name in metadata) delete metadata[name];
  }
  for (const name of lastingFields) if (old.metadata[name] !== undefined) metadata[name] = old.metadata[name];
  if (old.metadata.generateName !== undefined) metadata['generateName'] ??= old.metadata.generateName;
  for (const name in metadata) if (metadata[name] === undefined) delete metadata[name];
}

const isStatusOrMeta = new Set(['metadata', 'status', 'apiVersion', 'kind']);

/** Raises `generation` when anything but metadata and status differs, for kinds that describe a wish (spec). */
export function raiseGeneration(kind: Kind, object: KubernetesObject, old: KubernetesObject): void {
  if (!kind.hasGeneration) return;
  const keys = new Set([...Object.keys(object), ...Object.keys(old)]);
  const changed = [...keys].some((key) => !isStatusOrMeta.has(key) && !equalJson(object[key], old[key]));
  object.metadata.generation = (old.metadata.generation ?? 1) + (changed ? 1 : 0);
}

/** An object that waits for nothing any more is removed by the update that says so. */
export function isFinished(object: KubernetesObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  const waiting = finalizers.length > 0 || deletionGracePeriodSeconds > 0;
  if (deletionTimestamp === undefined || waiting) return false;
  return object.kind !== 'Namespace' || (object['spec']?.finalizers ?? []).length === 0;
}
