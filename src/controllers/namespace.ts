import type { KubernetesObject } from '../api/object.ts';
import type { Namespace } from '../api/schema/types.d.ts';
import { type ServedResource, servedResources } from '../client/discovery.ts';
import { pathOf } from '../client/resources.ts';
import { type Condition, withCondition } from '../reconcile/conditions.ts';
import type { Controller, ControllerContext, Result } from '../reconcile/controller.ts';
import { isDeleting } from '../reconcile/owned.ts';
import { writeStatus } from '../reconcile/status.ts';

/** What stands in the way of a namespace's end. */
export type Remaining = { resource: string; objects: KubernetesObject[] };

const namedMax = 5;

/**
 * Ends a namespace: its pods first (what they use, such as secrets and policies, must outlast them), then everything
 * else, then the namespace itself. Conditions name what is in the way.
 */
export const namespaceController = (): Controller => ({
  name: 'namespace',
  reconciles: 'namespaces',
  reads: ['*'],
  writes: {
    '*': ['delete', 'deletecollection'],
    'namespaces/finalize': ['update'],
    'namespaces/status': ['update'],
  },

  async reconcile({ name }, context): Promise<Result> {
    const namespace = context.cache<Namespace>('namespaces').get('', name);
    if (namespace === undefined || !isDeleting(namespace)) return undefined;
    if (!namespace.spec?.finalizers?.includes('kubernetes')) return undefined;
    const ageMs = context.clock.now() - Date.parse(namespace.metadata.deletionTimestamp!);
    const requeueAfterMs = Math.min(60_000, Math.max(500, ageMs / 10));

    const { conditions, remaining } = await empty(context, name);
    const marked = await note(context, namespace, conditions, remaining);
    if (remaining.length > 0 || conditions.length > 0) return { requeueAfterMs };
    await finalize(context, marked);
    return undefined;
  },
});

async function empty(context: ControllerContext, namespace: string) {
  const conditions: Condition[] = [];
  const fail = (type: string, reason: string, error: unknown) => {
    conditions.push({ type, status: 'True', reason, message: error instanceof Error ? error.message : `${error}` });
  };
  let resources: ServedResource[] = [];
  try {
    resources = (await servedResources(context.client)).filter(
      ({ namespaced, verbs }) => namespaced && verbs.includes('list') && verbs.includes('delete'),
    );
  } catch (error) {
    fail('NamespaceDeletionDiscoveryFailure', 'DiscoveryFailed', error);
  }
  const remaining: Remaining[] = [];
  const sweep = async (some: ServedResource[]) => {
    for (const resource of some)
      try {
        const objects = await deleteAll(context, resource, namespace);
        if (objects.length > 0) remaining.push({ resource: resource.name, objects });
      } catch (error) {
        fail('NamespaceDeletionContentFailure', 'ContentDeletionFailed', error);
      }
  };
  const { pods, others, events } = stagesOf(resources);
  await sweep(pods);
  if (remaining.length === 0) await sweep(others);
  if (remaining.length === 0 && conditions.length === 0) await sweep(events);
  return { conditions, remaining };
}

/** Events are the record of what happens here: they go last, by one of their two names, and stand in nobody's way. */
export function stagesOf(resources: ServedResource[]) {
  const stageOf = ({ name }: ServedResource) => {
    if (name === 'events.events.k8s.io') return 'none';
    return name === 'pods' || name === 'events' ? name : 'others';
  };
  const { pods = [], others = [], events = [] } = Object.groupBy(resources, stageOf);
  return { pods, others, events };
}

/** Deletes a collection and returns what is left of it. */
async function deleteAll(
  { client }: ControllerContext,
  resource: ServedResource,
  namespace: string,
): Promise<KubernetesObject[]> {
  const present = await client.list(resource.name, { namespace });
  if (present.items.length === 0) return [];
  if (present.items.some((object) => !isDeleting(object))) {
    const { code, body } = await client.raw('DELETE', pathOf(resource, { namespace }));
    if (code >= 300) throw new Error(`deleting ${resource.name} failed: ${body?.message ?? code}`);
  }
  return (await client.list(resource.name, { namespace })).items;
}

/** The two conditions that say what remains: objects by resource, and finalizers by name. */
export function remainingConditions(remaining: Remaining[]): Condition[] {
  const resources = remaining.map(({ resource, objects }) => {
    const names = objects.slice(0, namedMax).map(({ metadata }) => metadata.name);
    const more = objects.length > namedMax ? ', …' : '';
    return `${resource} has ${objects.length} resource instances (${names.join(', ')}${more})`;
  });
  const finalizers = new Map<string, number>();
  for (const { objects } of remaining)
    for (const { metadata } of objects)
      for (const finalizer of metadata.finalizers ?? [])
        finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
  const held = [...finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  return [
    {
      type: 'NamespaceContentRemaining',
      status: resources.length > 0 ? 'True' : 'False',
      reason: resources.length > 0 ? 'SomeResourcesRemain' : 'ContentRemoved',
      message: resources.length > 0 ? `Some resources are remaining: ${resources.join('; ')}` : 'All content removed',
    },
    {
      type: 'NamespaceFinalizersRemaining',
      status: held.length > 0 ? 'True' : 'False',
      reason: held.length > 0 ? 'SomeFinalizersRemain' : 'ContentHasNoFinalizers',
      message:
        held.length > 0
          ? `Some content in the namespace has finalizers remaining: ${held.join(', ')}`
          : 'All content-preserving finalizers finished',
    },
  ];
}

const failureTypes = ['NamespaceDeletionDiscoveryFailure', 'NamespaceDeletionContentFailure'];

async function note(
  context: ControllerContext,
  namespace: Namespace,
  failures: Condition[],
  remaining: Remaining[],
): Promise<Namespace> {
  let conditions = namespace.status?.conditions as Condition[] | undefined;
  const fine = failureTypes
    .filter((type) => !failures.some((failure) => failure.type === type))
    .map((type) => ({ type, status: 'False', reason: 'NoFailure', message: 'No failure' }));
  for (const condition of [...failures, ...fine, ...remainingConditions(remaining)])
    conditions = withCondition(conditions, condition, context.clock.now());
  return writeStatus(context, 'namespaces', namespace, { ...namespace.status, phase: 'Terminating', conditions });
}

async function finalize({ client }: ControllerContext, namespace: Namespace): Promise<void> {
  const finalizers = namespace.spec!.finalizers!.filter((finalizer) => finalizer !== 'kubernetes');
  await client.update('namespaces', { ...namespace, spec: { finalizers } }, { subresource: 'finalize' });
}
