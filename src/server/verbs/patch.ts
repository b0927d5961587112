import type { Kind } from '../../api/kind.ts';
import { apiVersionOf } from '../../api/kind.ts';
import { jsonPatch, mergePatch, serverSideApply, strategicMergePatch } from '../../api/merge/merge.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { decodeFields } from '../../api/schema/decode.ts';
import { parseJson, parseYaml } from '../../api/schema/parse.ts';
import { ApiError, badRequest, invalid } from '../../api/status.ts';
import { forbiddenValue, required } from '../../api/validation/errors.ts';
import { formatTime } from '../../foundation/clock.ts';
import { copyJson } from '../../foundation/json.ts';
import { type Body, mediaType, unsupported } from '../body.ts';
import type { Context, Reply } from '../context.ts';
import { createInstead } from './create.ts';
import { checkObject, validationOf } from './decode.ts';
import { refusedOption } from './options.ts';
import { checkVersion, managerOf, matchUrl } from './prepare.ts';
import { change, isMissing } from './update.ts';

const types = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** PATCH in its four forms (https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply). */
export async function patch(context: Context): Promise<Reply> {
  const type = mediaType(context.request.contentType);
  if (!types.includes(type)) throw unsupported(type, types);
  const body = await patchBody(context, type);
  if (type === 'application/apply-patch+yaml') return apply(context, body);
  if (context.target.query.get('force') !== null)
    throw refusedOption('patch', forbiddenValue('force', 'may not be specified for non-apply patch'));
  const { kind } = context;
  // A custom resource has no Go type that would say how its lists merge.
  if (type === 'application/strategic-merge-patch+json' && kind.schema.definition === undefined)
    throw unsupported(
      type,
      types.filter((known) => known !== type),
    );
  return change(context, (old) => {
    const patched = checkObject(context, kind, merge(type, copyJson(old), body.value, kind), body.duplicates);
    checkName(context, patched);
    checkVersion(context, patched, old);
    return patched;
  });
}

async function patchBody(context: Context, type: string): Promise<Body> {
  const { request } = context;
  if (request.decodedBody !== undefined) return { value: copyJson(request.decodedBody), duplicates: [] };
  const text = (await request.readBody()).toString();
  const strict = validationOf(context) !== 'Ignore';
  return type === 'application/apply-patch+yaml' ? parseYaml(text) : parseJson(text, strict);
}

/** Patch functions keep parts of the patch and change their target: both must be private copies. */
function merge(type: string, old: KubernetesObject, body: unknown, kind: Kind): unknown {
  const value = copyJson(body);
  if (type === 'application/json-patch+json') return jsonPatch(withStatus(old, kind), value);
  if (type === 'application/merge-patch+json') {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw badRequest('a merge patch must be a JSON object');
    return mergePatch(old, value);
  }
  return strategicMergePatch(old, value, kind.schema);
}

/**
 * With the empty status that Kubernetes' own objects always have: an operation of a JSON patch needs the parent of what
 * it adds (RFC 6902, 4.1).
 */
function withStatus(object: KubernetesObject, { subresources, schema }: Kind): KubernetesObject {
  if (subresources.status && schema.definition !== undefined) object['status'] ??= {};
  return object;
}

function checkName({ kind, target }: Context, object: KubernetesObject): void {
  const { name, namespace } = object.metadata;
  if (name === target.name && (!kind.namespaced || namespace === target.namespace)) return;
  throw invalid(kind.kind, kind.group, target.name, [
    {
      reason: 'FieldValueInvalid',
      field: name === target.name ? 'metadata.namespace' : 'metadata.name',
      message: `Invalid value: "${name === target.name ? namespace : name}": field is immutable`,
    },
  ]);
}

async function apply(context: Context, body: Body): Promise<Reply> {
  const { kind, target } = context;
  if (!target.query.get('fieldManager'))
    throw refusedOption('patch', required('fieldManager', 'is required for apply patch'));
  const { apiVersion, metadata } = (body.value ?? {}) as Partial<KubernetesObject>;
  if (!apiVersion) throw badRequest(`invalid object type: /, Kind=${kind.kind}`);
  if (metadata?.managedFields) throw badRequest('metadata.managedFields must be nil');
  // What the schema does not know could be owned by nobody: upstream applies no such field either. What is empty is
  // applied: without its rules a policy lets nobody in.
  const applied = checkObject(context, kind, body.value, body.duplicates, 'Strict', true);
  matchUrl(context, applied);
  if (isMissing(context)) {
    const object = applyTo(context, undefined, applied);
    object.metadata.uid = applied.metadata.uid;
    // The fields of the configuration, and no others, belong to the manager.
    return createInstead(context, object, object.metadata.managedFields);
  }
  return change(
    context,
    (old) => {
      checkVersion(context, applied, old);
      return applyTo(context, old, applied);
    },
    false,
  );
}

function applyTo(context: Context, old: KubernetesObject | undefined, applied: KubernetesObject): KubernetesObject {
  const { kind, target, clock } = context;
  const owner = {
    ...{ manager: managerOf(context), operation: 'Apply' as const, apiVersion: apiVersionOf(kind) },
    ...{ time: formatTime(clock.now()), ...(target.subresource === '' ? {} : { subresource: target.subresource }) },
  };
  const force = target.query.get('force') === 'true';
  const { metadata, ...rest } = writable(context, applied);
  const { resourceVersion: _, uid: __, ...fields } = metadata;
  const result = serverSideApply(old, { ...rest, metadata: fields } as KubernetesObject, owner, kind.schema, force);
  if (result.conflicts.length > 0 && !force) throw applyConflict(result.conflicts);
  const object = copyJson(result.object);
  // What is empty was kept to be merged; it is stored as Go writes it.
  decodeFields(kind.schema, object);
  return object;
}

/** What cannot be written here cannot be owned either: the status of an object, and all but the status through /status. */
function writable({ kind, target }: Context, applied: KubernetesObject): KubernetesObject {
  if (!kind.subresources.status) return applied;
  const { status, ...object } = applied;
  if (target.subresource === '') return object;
  if (target.subresource !== 'status') return applied;
  const { apiVersion, metadata } = applied;
  return { apiVersion, kind: applied.kind, metadata, ...(status === undefined ? {} : { status }) };
}

/** More than this help nobody: hundreds of managers may own ten thousand fields each. */
const conflictsMax = 1000;

function applyConflict(all: { manager: string; field: string; message: string }[]): ApiError {
  const count = all.length === 1 ? '1 conflict' : `${all.length} conflicts`;
  const conflicts = all.slice(0, conflictsMax);
  const managers = [...new Set(conflicts.map(({ message }) => message))];
  const text = managers
    .map((manager) => {
      const fields = conflicts.filter(({ message }) => message === manager).map(({ field }) => field);
      return fields.length === 1
        ? `${manager}: ${fields[0]}`
        : `${manager}:\n${fields.map((field) => `- ${field}`).join('\n')}`;
    })
    .join('\n');
  return new ApiError('Conflict', `Apply failed with ${count}: ${text}`, {
    causes: conflicts.map(({ message, field }) => ({ reason: 'FieldManagerConflict', message, field })),
  });
}
