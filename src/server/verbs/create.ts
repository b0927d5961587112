import type { KubernetesObject, ManagedFields } from '../../api/object.ts';
import { ApiError, badRequest, invalid } from '../../api/status.ts';
import { formatTime } from '../../foundation/clock.ts';
import { denial } from '../authorization/denial.ts';
import { type Context, entryReply, objectReply, type Reply } from '../context.ts';
import { attributesOf } from '../request.ts';
import { generatedName, newUid } from '../storage/storage.ts';
import { decodeObject } from './decode.ts';
import { admit, check, endOfStep, matchUrl, track, warnOf } from './prepare.ts';

/** One in 14 million names is taken; eight in a row are not bad luck. */
const generateAttemptsMax = 8;

/** What a client that creates an object may say, and the server does not listen to. */
const notOfClients = ['deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink', 'managedFields', 'generation'];

export async function create(context: Context): Promise<Reply> {
  const object = await decodeObject(context);
  matchUrl(context, object);
  return createObject(context, object);
}

/** Defaults, admits, validates and stores a new object. `managed` is given when it was applied. */
async function createObject(context: Context, object: KubernetesObject, managed?: ManagedFields[]): Promise<Reply> {
  const { kind, storage, dryRun } = context;
  const { metadata } = object;
  const hasVersion = Boolean(metadata.resourceVersion);
  const generate = !metadata.name && metadata.generateName ? metadata.generateName : undefined;
  if (!metadata.name && generate === undefined)
    throw invalid(kind.kind, kind.group, '', [
      {
        reason: 'FieldValueRequired',
        field: 'metadata.name',
        message: 'Required value: name or generateName is required',
      },
    ]);
  if (generate !== undefined) metadata.name = generatedName(generate);
  await prepare(context, object, managed);
  // Said by the store upstream, so that what admission has to say comes first.
  if (hasVersion && !dryRun) throw badRequest('resourceVersion should not be set on objects to be created');
  for (let attempt = 1; ; attempt++) {
    try {
      const entry = await storage.create(kind, object, dryRun);
      return dryRun ? objectReply(kind, object, 201) : entryReply(kind, entry, 201);
    } catch (error) {
      const taken = error instanceof ApiError && error.reason === 'AlreadyExists' && generate !== undefined;
      if (!taken || attempt === generateAttemptsMax) throw error;
      metadata.name = generatedName(generate);
    }
  }
}

/**
 * Creates what an update or an apply names and does not exist. Who may change an object may not therefore create one:
 * the user is asked for that right too. `managed` as for `createObject`.
 */
export async function createInstead(
  context: Context,
  object: KubernetesObject,
  managed?: ManagedFields[],
): Promise<Reply> {
  const { defences, user, target, kind } = context;
  const { uid } = object.metadata;
  if (uid) throw new ApiError('Conflict', `${kind.resource} "${target.name}" with the uid ${uid} does not exist`);
  const asked = { ...attributesOf(user, target), verb: 'create' };
  const { allowed, reason } = defences.authorize(asked);
  if (!allowed) throw denial(asked, reason);
  try {
    return await createObject(context, object, managed);
  } catch (error) {
    const raced = error instanceof ApiError && error.reason === 'AlreadyExists';
    if (!raced) throw error;
    throw new ApiError('Conflict', `${error.message} meanwhile: try again`, error.details, { cause: error });
  }
}

async function prepare(context: Context, object: KubernetesObject, managed?: ManagedFields[]): Promise<void> {
  const { kind, clock } = context;
  const { metadata } = object;
  for (const field of notOfClients) if (field in metadata) delete (metadata as Record<string, unknown>)[field];
  metadata.uid = newUid();
  metadata.creationTimestamp = formatTime(clock.now());
  if (kind.hasGeneration) metadata.generation = 1;
  if ('resourceVersion' in metadata) delete metadata.resourceVersion;
  kind.defaults(object);
  await endOfStep;
  if (managed === undefined) track(context, undefined, wishOf(context, object));
  else metadata.managedFields = managed;
  await endOfStep;
  await admit(context, 'CREATE', { object }, () => {
    kind.prepareCreate(object);
    kind.defaults(object);
    check(kind, metadata.name, kind.validate(object));
    warnOf(context, object);
  });
}

/** What the creator owns, as upstream: neither what admission adds nor the status, which is not its to set. */
function wishOf({ kind }: Context, object: KubernetesObject): KubernetesObject {
  if (!kind.subresources.status || object.status === undefined) return object;
  const { status: _, ...wish } = object;
  return wish;
}
