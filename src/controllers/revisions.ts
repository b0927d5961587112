import type { KubernetesObject } from '../api/object.ts';
import type { ControllerRevision, PodTemplateSpec } from '../api/schema/types.d.ts';
import { ApiError } from '../api/status.ts';
import { canonicalJson, equalJson } from '../foundation/json.ts';
import type { ControllerContext } from '../reconcile/controller.ts';
import { claim, controllerReference, deleteObject } from '../reconcile/owned.ts';
import { templateHash } from './template-hash.ts';

export const revisionResource = 'controllerrevisions.apps';
export const revisionHashLabel = 'controller-revision-hash';
export const revisionWrites = { [revisionResource]: ['create', 'update', 'patch', 'delete'] };

/**
 * A patch that brings the owner back to this template: `kubectl rollout undo` applies it as it is. It and others compare
 * the bytes with what they make of an owner, whose fields Go sorts by name.
 */
const dataOf = (template: PodTemplateSpec): object =>
  JSON.parse(canonicalJson({ spec: { template: { ...template, $patch: 'replace' } } }));

export function templateOf({ data }: ControllerRevision): PodTemplateSpec {
  const { $patch: _, ...template } = (data as any).spec.template;
  return template;
}

export type Revisions = { update: ControllerRevision; all: ControllerRevision[]; collisionCount: number };

/**
 * The revisions of an owner, oldest first, the last being its present template. A template that comes back takes the
 * next number instead of being stored twice.
 */
export async function syncRevisions(
  context: ControllerContext,
  owner: KubernetesObject,
  template: PodTemplateSpec,
  collisionCount: number,
): Promise<Revisions> {
  const { selector } = owner['spec'];
  const known = await claim<ControllerRevision>(context, owner, revisionResource, selector);
  const all = known.sort((a, b) => a.revision - b.revision || a.metadata.name.localeCompare(b.metadata.name));
  const data = dataOf(template);
  const next = (all.at(-1)?.revision ?? 0) + 1;
  const same = all.findLast((revision) => equalJson(revision.data, data));
  if (same && same === all.at(-1)) return { update: same, all, collisionCount };
  if (same) {
    const update = await context.client.update<ControllerRevision>(revisionResource, { ...same, revision: next });
    return { update, all: [...all.filter((one) => one !== same), update], collisionCount };
  }
  const hash = templateHash(data, collisionCount);
  const wanted: ControllerRevision = {
    apiVersion: 'apps/v1',
    kind: 'ControllerRevision',
    metadata: {
      name: `${owner.metadata.name}-${hash}`,
      namespace: owner.metadata.namespace,
      labels: { ...template.metadata?.labels, [revisionHashLabel]: hash },
      ownerReferences: [controllerReference(owner)],
    },
    revision: next,
    data: data as any,
  };
  try {
    const update = await context.client.create<ControllerRevision>(revisionResource, wanted);
    return { update, all: [...all, update], collisionCount };
  } catch (error) {
    const taken = error instanceof ApiError && error.reason === 'AlreadyExists';
    if (!taken || collisionCount > 10) throw error;
    return syncRevisions(context, owner, template, collisionCount + 1);
  }
}

/** Forgets the oldest revisions that no pod uses, beyond the limit. */
export async function truncateHistory(
  context: ControllerContext,
  all: ControllerRevision[],
  inUse: (revision: ControllerRevision) => boolean,
  limit: number,
): Promise<void> {
  const idle = all.filter((revision) => !inUse(revision));
  for (const revision of idle.slice(0, Math.max(0, idle.length - limit)))
    await deleteObject(context, revisionResource, revision);
}
