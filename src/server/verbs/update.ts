import type { Kind } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { type ApiError, badRequest, invalid } from '../../api/status.ts';
import { invalidValue } from '../../api/validation/errors.ts';
import { copyJson } from '../../foundation/json.ts';
import { type Context, entryReply, objectReply, type Reply } from '../context.ts';
import type { Outcome, Transform } from '../storage/storage.ts';
import { createInstead } from './create.ts';
import { decodeObject } from './decode.ts';
import {
  admit,
  check,
  checkVersion,
  isFinished,
  keepSystemFields,
  matchUrl,
  raiseGeneration,
  track,
  warnOf,
} from './prepare.ts';

/** PUT of an object or of one of its subresources `status`, `finalize`, `approval`, `ephemeralcontainers`, `resize`. */
export async function update(context: Context): Promise<Reply> {
  const body = await decodeObject(context);
  const { kind, target } = context;
  if (!body.metadata.name)
    throw badRequest(`the name of the object (${target.name} based on URL) was undeterminable: name must be provided`);
  matchUrl(context, body);
  if (context.kind.createdByUpdate && isMissing(context)) {
    delete body.metadata.resourceVersion;
    return createInstead(context, body);
  }
  return change(context, (old) => {
    const object = copyJson(body);
    if (kind.updatedByVersion && !object.metadata.resourceVersion) throw versionMissing(kind, target.name);
    checkVersion(context, object, old);
    return object;
  });
}

/** In place: others hold the object. */
function replaceContent(object: KubernetesObject, content: KubernetesObject): void {
  for (const key of Object.keys(object)) if (!Object.hasOwn(content, key)) delete object[key];
  Object.assign(object, content);
}

function versionMissing({ group, resource }: Kind, name: string): ApiError {
  const why = invalidValue('metadata.resourceVersion', 0, 'must be specified for an update');
  return invalid(resource, group, name, [why]);
}

/** How a subresource limits a change. */
export type Confinement = {
  /** Takes over from the new object only what the subresource may write. */
  limit(object: KubernetesObject, old: KubernetesObject, kind: Kind): KubernetesObject;
  validates: 'status' | 'object';
};

const confinements = new Map<string, Confinement>();

/** Subresources are registered by their own file: subresources/confined.ts. */
export function confine(subresource: string, confinement: Confinement): void {
  confinements.set(subresource, confinement);
}

/**
 * The read-change-write cycle all updates and patches share. `make` leaves `old` as it is; what it returns shares nothing
 * with it, and is confined to the subresource, defaulted, admitted, validated and stored; a conflict makes it run again
 * on the newer object.
 */
export async function change(
  context: Context,
  make: (old: KubernetesObject) => KubernetesObject | Promise<KubernetesObject>,
  tracked = true,
): Promise<Reply> {
  const { kind, storage, dryRun, target } = context;
  const transform: Transform = async (old) => {
    const made = await make(old);
    const object = await settle(context, made, old, tracked);
    return { object, action: isFinished(object) ? 'remove' : 'store' };
  };
  const outcome = await storage.update(kind, namespaceOf(context), target.name, transform, dryRun);
  return replyOf(context, outcome);
}

/** Cluster-scoped objects are stored without a namespace; a namespace's own URL names it as one. */
export const namespaceOf = ({ kind, target }: Pick<Context, 'kind' | 'target'>): string =>
  kind.namespaced ? target.namespace : '';

/** Is the object itself named, and does it not exist? Its subresources cannot bring it into being. */
export const isMissing = ({ kind, storage, target }: Context): boolean =>
  target.subresource === '' && storage.get(kind, namespaceOf({ kind, target }), target.name) === undefined;

/** The stored bytes, unless the object is not stored: removed, or only tried. */
export function replyOf({ kind }: Context, { action, entry, object, dryRun }: Outcome): Reply {
  const isStored = action === 'unchanged' || (action === 'store' && !dryRun);
  return isStored ? entryReply(kind, entry) : objectReply(kind, object);
}

async function settle(
  context: Context,
  made: KubernetesObject,
  old: KubernetesObject,
  tracked: boolean,
): Promise<KubernetesObject> {
  const { kind, target } = context;
  const { subresource } = target;
  keepSystemFields(made, old);
  if (tracked) made.metadata.managedFields = old.metadata.managedFields;
  const confinement = confinements.get(subresource);
  const object = confinement?.limit(made, old, kind) ?? made;
  if (object.metadata.managedFields === undefined) delete object.metadata.managedFields;
  object.metadata.resourceVersion = old.metadata.resourceVersion!;
  kind.defaults(object);
  await admit(context, 'UPDATE', { object, old }, () => {
    // admission may have changed more than the subresource may
    if (confinement !== undefined) replaceContent(object, confinement.limit(object, old, kind));
    if (subresource === '') kind.prepareUpdate(object, old);
    kind.defaults(object);
    if (subresource !== 'status') raiseGeneration(kind, object, old);
    if (tracked) track(context, old, object);
    const isStatus = confinement?.validates === 'status';
    const errors = isStatus ? kind.validateStatus(object, old) : kind.validate(object, old, subresource);
    check(kind, object.metadata.name, errors);
    if (subresource === '') warnOf(context, object, old);
  });
  return object;
}
