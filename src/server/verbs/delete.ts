import type { Kind } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { badRequest, conflict } from '../../api/status.ts';
import { invalidValue, notSupported } from '../../api/validation/errors.ts';
import { formatTime } from '../../foundation/clock.ts';
import { copyJson } from '../../foundation/json.ts';
import { type Context, objectReply, type Reply, valueReply } from '../context.ts';
import { namesOf } from '../storage/codec.ts';
import type { Change } from '../storage/storage.ts';
import { decodeAs, readDryRun } from './decode.ts';
import { readPage } from './list.ts';
import { refusedOption } from './options.ts';
import { admit } from './prepare.ts';
import { namespaceOf, replyOf } from './update.ts';

export type DeleteOptions = {
  gracePeriodSeconds?: number;
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  orphanDependents?: boolean;
  preconditions?: { uid?: string; resourceVersion?: string };
  dryRun?: string[];
};

const defaultGraceSeconds = 30;

/** DELETE of one object. Answers with the object while it is going, with Success when it is gone. */
export async function remove(context: Context): Promise<Reply> {
  const options = await readOptions(context);
  return removeObject({ ...context, dryRun: isDryRun(options) || context.dryRun }, options);
}

export async function removeObject(context: Context, options: DeleteOptions): Promise<Reply> {
  const { kind, storage, target, dryRun } = context;
  const transform = async (old: KubernetesObject): Promise<Change> => {
    checkPreconditions(context, options, old);
    await admit(context, 'DELETE', { old });
    return plan(context, old, options);
  };
  const outcome = await storage.update(kind, namespaceOf(context), target.name, transform, dryRun);
  const { action, object } = outcome;
  if (action !== 'remove') return replyOf(context, outcome);
  if (kind.returnsDeleted) return objectReply(kind, object);
  const { uid } = object.metadata;
  const details = { name: target.name, group: kind.group || undefined, kind: kind.resource, uid };
  return valueReply({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details });
}

/** What a delete does to an object: removes it, or marks it and leaves the rest to those who hold it. */
function plan({ kind, clock }: Context, old: KubernetesObject, options: DeleteOptions): Change {
  const object = copyJson(old);
  const { metadata } = object;
  metadata.finalizers = finalizersFor(kind, options, metadata.finalizers ?? []);
  if (metadata.finalizers.length === 0) delete metadata.finalizers;
  const isPod = kind.resource === 'pods' && kind.group === '';
  const graceSeconds = isPod ? podGraceSeconds(old, options) : 0;
  const held = metadata.finalizers !== undefined || isHeldNamespace(object);
  if (graceSeconds === 0 && !held) {
    if (isPod) mark(object, 0, clock.now());
    return { object, action: 'remove' };
  }
  if (metadata.deletionTimestamp !== undefined) shorten(metadata, graceSeconds);
  else {
    mark(object, graceSeconds, clock.now());
    if (object.kind === 'Namespace') object['status'] = { ...object['status'], phase: 'Terminating' };
  }
  return { object, action: 'store' };
}

function mark({ metadata }: KubernetesObject, graceSeconds: number, nowMs: number): void {
  metadata.deletionTimestamp = formatTime(nowMs + graceSeconds * 1000);
  metadata.deletionGracePeriodSeconds = graceSeconds;
  if (metadata.generation !== undefined) metadata.generation++;
}

/** The grace of what is going already counts from when it was first asked to go, and is never made longer. */
function shorten(metadata: KubernetesObject['metadata'], graceSeconds: number): void {
  const sooner = (metadata.deletionGracePeriodSeconds ?? 0) - graceSeconds;
  if (sooner <= 0) return;
  metadata.deletionTimestamp = formatTime(Date.parse(metadata.deletionTimestamp!) - sooner * 1000);
  metadata.deletionGracePeriodSeconds = graceSeconds;
}

/** The garbage collector acts on these two and takes them away again. */
function finalizersFor(
  { orphansDependents }: Kind,
  { propagationPolicy, orphanDependents }: DeleteOptions,
  present: string[],
): string[] {
  const decided = present.includes('orphan') || present.includes('foregroundDeletion');
  const byDefault = orphanDependents === undefined && !decided && orphansDependents ? 'Orphan' : undefined;
  const policy = propagationPolicy ?? (orphanDependents === true ? 'Orphan' : byDefault);
  if (policy === undefined) return present;
  const kept = present.filter((name) => name !== 'orphan' && name !== 'foregroundDeletion');
  if (policy === 'Orphan') return [...kept, 'orphan'];
  return policy === 'Foreground' ? [...kept, 'foregroundDeletion'] : kept;
}

const isHeldNamespace = (object: KubernetesObject) =>
  object.kind === 'Namespace' && (object['spec']?.finalizers ?? []).length > 0;

/** A pod on no node, or one that has ended, has nobody to wait for. */
function podGraceSeconds(pod: KubernetesObject, { gracePeriodSeconds }: DeleteOptions): number {
  const { spec = {}, status = {} } = pod;
  const ended = status.phase === 'Succeeded' || status.phase === 'Failed';
  if (!spec.nodeName || ended) return 0;
  return gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? defaultGraceSeconds;
}

function checkPreconditions({ kind }: Context, { preconditions }: DeleteOptions, { metadata }: KubernetesObject): void {
  if (preconditions === undefined) return;
  const subject = { group: kind.group, resource: kind.resource, name: metadata.name };
  const { uid, resourceVersion } = preconditions;
  if (uid !== undefined && uid !== metadata.uid)
    throw conflict(subject, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`);
  if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion)
    throw conflict(
      subject,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${metadata.resourceVersion}`,
    );
}

/** Options come in the body or, from old clients, in the query. */
async function readOptions(context: Context): Promise<DeleteOptions> {
  const { query } = context.target;
  const { kind = 'DeleteOptions', ...options } = await decodeAs<DeleteOptions & { kind?: string }>(
    context.request,
    'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions',
  );
  if (kind !== 'DeleteOptions') throw badRequest(`no kind ${JSON.stringify(kind)} is taken here: only DeleteOptions`);
  const grace = query.get('gracePeriodSeconds');
  const policy = query.get('propagationPolicy');
  if (grace && !/^\d{1,9}$/.test(grace))
    throw badRequest(`gracePeriodSeconds: ${JSON.stringify(grace)} is not a whole number of at least 0`);
  if (grace) options.gracePeriodSeconds ??= Number(grace);
  if (policy !== null) options.propagationPolicy ??= policy as 'Background';
  if (query.get('orphanDependents') === 'true') options.orphanDependents ??= true;
  checkOptions(options);
  return options;
}

/** Do the options ask for a dry run? Throws Invalid when they ask for one of an unknown kind. */
export const isDryRun = ({ dryRun = [] }: DeleteOptions): boolean =>
  readDryRun(new URLSearchParams(dryRun.map((value) => ['dryRun', value])), 'delete');

/** Throws BadRequest and Invalid. */
export function checkOptions({ gracePeriodSeconds = 0, propagationPolicy, orphanDependents }: DeleteOptions): void {
  if (gracePeriodSeconds < 0)
    throw badRequest('gracePeriodSeconds: Invalid value: must be a whole number of at least 0');
  if (propagationPolicy === undefined) return;
  const both = 'orphanDependents and deletionPropagation cannot be both set';
  if (orphanDependents !== undefined)
    throw refusedOption('delete', invalidValue('propagationPolicy', propagationPolicy, both));
  const policies = ['Foreground', 'Background', 'Orphan'];
  if (!policies.includes(propagationPolicy))
    throw refusedOption('delete', notSupported('propagationPolicy', propagationPolicy, policies));
}

/** DELETE of a collection: each object as if it were deleted alone; answers with those that were there. */
export async function removeCollection(context: Context): Promise<Reply> {
  const options = await readOptions(context);
  const dryRun = isDryRun(options) || context.dryRun;
  const { entries, revision } = readPage(context);
  for (const entry of entries) {
    const target = { ...context.target, ...namesOf(entry.key) };
    try {
      await removeObject({ ...context, dryRun, target }, options);
    } catch (error) {
      // Gone meanwhile is what was asked for.
      if (!(error instanceof Error && 'reason' in error && error.reason === 'NotFound')) throw error;
    }
  }
  return {
    code: 200,
    body: { form: 'list', kind: context.kind, entries, metadata: { resourceVersion: String(revision) } },
  };
}
