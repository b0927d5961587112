import type { Namespace } from '../api/schema/types.d.ts';
import type { Controller } from '../reconcile/controller.ts';
import { isDeleting } from '../reconcile/owned.ts';

/** Every namespace has a ServiceAccount `default`: the identity of pods that name none, without any right. */
export const serviceAccountController = (): Controller => ({
  name: 'service-account',
  reconciles: 'namespaces',
  reads: ['serviceaccounts'],
  writes: { serviceaccounts: ['create'] },
  enqueue: {
    serviceaccounts: ({ metadata }) =>
      metadata.name === 'default' ? [{ namespace: '', name: metadata.namespace ?? '' }] : [],
  },

  async reconcile({ name }, { cache, client }) {
    const namespace = cache<Namespace>('namespaces').get('', name);
    if (namespace === undefined || isDeleting(namespace)) return undefined;
    if (cache('serviceaccounts').get(name, 'default')) return undefined;
    const metadata = { name: 'default', namespace: name };
    await client.create('serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata });
    return undefined;
  },
});
