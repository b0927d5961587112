import type { Kind, Verb } from '../api/kind.ts';
import type { KubernetesObject } from '../api/object.ts';
import { ApiError, notFound } from '../api/status.ts';
import { type Context, type Reply, valueReply } from './context.ts';
import { readSelectors } from './verbs/selectors.ts';

export const usageGroup = 'metrics.k8s.io';
const verbs: Verb[] = ['get', 'list'];

/** A kind that is measured, not stored: nobody can write it. */
const usageKind = (kind: string, resource: string, namespaced: boolean): Kind => ({
  ...{
    group: usageGroup,
    version: 'v1beta1',
    kind,
    resource,
    singular: '',
    shortNames: [],
    categories: [],
    namespaced,
  },
  ...{ verbs, selectableFields: {}, subresources: { status: false, others: [] }, columns: [] },
  schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  defaults() {},
  prepareCreate() {},
  prepareUpdate() {},
  validate: () => [],
  validateStatus: () => [],
});

/** metrics.k8s.io as `kubectl top` reads it; served when the cluster measures (Extensions.usage). */
export const usageKinds: Kind[] = [usageKind('NodeMetrics', 'nodes', false), usageKind('PodMetrics', 'pods', true)];

/** get and list of what was measured last. */
export async function readUsage(context: Context): Promise<Reply> {
  const { kind, target, extensions } = context;
  const { usage } = extensions;
  if (usage === undefined) throw new ApiError('ServiceUnavailable', 'nothing measures usage in this cluster');
  const isNodes = kind.resource === 'nodes';
  const all = isNodes ? await usage.nodes() : await usage.pods(target.namespace === '' ? undefined : target.namespace);
  const complete = (object: KubernetesObject) => ({
    ...object,
    kind: kind.kind,
    apiVersion: `${usageGroup}/v1beta1`,
  });
  if (target.name !== '') {
    const found = all.find(({ metadata }) => metadata.name === target.name);
    if (found === undefined) throw notFound({ group: usageGroup, resource: kind.resource, name: target.name });
    return valueReply(complete(found));
  }
  const matches = readSelectors(kind, target.query) ?? (() => true);
  return valueReply({
    kind: `${kind.kind}List`,
    apiVersion: `${usageGroup}/v1beta1`,
    metadata: {},
    items: all.filter(matches).map(complete),
  });
}
