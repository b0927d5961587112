import type { Kind, ScalePaths } from '../../api/kind.ts';
import { jsonPatch, mergePatch } from '../../api/merge/merge.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { formatSelector } from '../../api/selectors.ts';
import { badRequest, invalid, notFound } from '../../api/status.ts';
import { copyJson } from '../../foundation/json.ts';
import { mediaType, readBody, unsupported } from '../body.ts';
import { type Context, type Reply, valueReply } from '../context.ts';
import { objectFor } from '../storage/codec.ts';
import { checkVersion } from '../verbs/prepare.ts';
import { change, namespaceOf } from '../verbs/update.ts';

type Methods = Record<string, (context: Context) => Reply | Promise<Reply>>;

/** autoscaling/v1 Scale: the replicas of any kind that has them, in one form. */
export const scale: Methods = { GET: getScale, PUT: putScale, PATCH: patchScale };

function getScale(context: Context): Reply {
  const { kind, storage, target } = context;
  const entry = storage.get(kind, namespaceOf(context), target.name);
  if (entry === undefined) throw notFound({ group: kind.group, resource: kind.resource, name: target.name });
  return valueReply(scaleOf(kind, objectFor(kind, entry)));
}

async function putScale(context: Context): Promise<Reply> {
  const { value } = await readBody(context.request);
  return store(context, () => value as KubernetesObject);
}

async function patchScale(context: Context): Promise<Reply> {
  const type = mediaType(context.request.contentType);
  const isJson = type === 'application/json-patch+json';
  if (!isJson && type !== 'application/merge-patch+json' && type !== 'application/strategic-merge-patch+json')
    throw unsupported(type, ['application/json-patch+json', 'application/merge-patch+json']);
  const request = { ...context.request, contentType: 'application/json' };
  const { value } = await readBody(request);
  return store(
    context,
    (current) => (isJson ? jsonPatch(current, value) : mergePatch(current, value)) as KubernetesObject,
  );
}

async function store(context: Context, make: (current: KubernetesObject) => KubernetesObject): Promise<Reply> {
  const { kind } = context;
  const reply = await change(context, (old) => {
    const wanted = make(scaleOf(kind, old));
    if (typeof wanted !== 'object' || wanted === null) throw badRequest('the body must be a Scale object');
    checkVersion(context, { ...wanted, metadata: wanted.metadata ?? {} }, old);
    const object = copyJson(old);
    setReplicas(kind, object, wanted['spec']?.replicas ?? 0);
    return object;
  });
  const { body } = reply;
  if (body.form === 'entry') return valueReply(scaleOf(kind, objectFor(kind, body.entry)));
  return body.form === 'object' ? valueReply(scaleOf(kind, body.object)) : reply;
}

/** Throws Invalid when that is no number of replicas. */
export function setReplicas(kind: Kind, object: KubernetesObject, replicas: any): void {
  if (!Number.isInteger(replicas) || replicas < 0)
    throw invalid('Scale', 'autoscaling', object.metadata.name, [
      {
        reason: 'FieldValueInvalid',
        field: 'spec.replicas',
        message: `Invalid value: ${JSON.stringify(replicas)}: must be greater than or equal to 0`,
      },
    ]);
  write(object, kind.subresources.scale!.specReplicas, replicas);
}

/** The Scale of an object whose kind has one. */
export function scaleOf({ subresources }: Kind, object: KubernetesObject): KubernetesObject {
  const { specReplicas, statusReplicas, labelSelector } = subresources.scale as ScalePaths;
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  // Built-in kinds keep their selector in the spec and show its text only here; custom ones may keep the text itself.
  const selector = labelSelector === undefined ? undefined : read(object, labelSelector);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: read(object, specReplicas) ?? 0 },
    status: {
      replicas: read(object, statusReplicas) ?? 0,
      selector: typeof selector === 'object' ? selectorText(selector as object) : selector,
    },
  };
}

/** A ReplicationController selects by plain labels, every other kind by a LabelSelector. */
function selectorText(selector: Record<string, any>): string {
  const isLabelSelector = 'matchLabels' in selector || 'matchExpressions' in selector;
  return formatSelector(isLabelSelector ? selector : { matchLabels: selector });
}

function read(object: any, path: string): unknown {
  return path
    .split('.')
    .filter((part) => part !== '')
    .reduce((value, part) => value?.[part], object);
}

function write(object: any, path: string, value: unknown): void {
  const parts = path.split('.').filter((part) => part !== '');
  const last = parts.pop()!;
  let parent = object;
  for (const part of parts) {
    parent[part] ??= {};
    parent = parent[part];
  }
  parent[last] = value;
}
