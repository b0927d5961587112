import { ApiError } from '../../api/status.ts';
import type { AdmissionPlugin } from '../contracts.ts';
import { refusal } from './about.ts';

const immortal = new Set(['default', 'kube-system', 'kube-public']);

/** Nothing is made in a namespace that is absent or going away, and the cluster's own namespaces stay. */
export const namespaceLifecycle: AdmissionPlugin = {
  name: 'NamespaceLifecycle',
  // in the first phase: nothing else is looked up in a namespace that is not there
  mutate(request) {
    const { operation, kind, namespace, name, subresource, lookup } = request;
    if (kind.group === '' && kind.resource === 'namespaces') {
      if (operation === 'DELETE' && immortal.has(name)) throw refusal(request, 'this namespace may not be deleted');
      return;
    }
    // what changes no namespace's content: subresources of what is there already, and reviews that are only answered
    if (operation !== 'CREATE' || !kind.namespaced || subresource !== '' || !kind.verbs.includes('get')) return;
    const found = lookup.get('namespaces', '', namespace);
    if (found === undefined)
      throw new ApiError('NotFound', `namespaces "${namespace}" not found`, { name: namespace, kind: 'namespaces' });
    if (found.metadata.deletionTimestamp === undefined) return;
    const error = refusal(
      request,
      `unable to create new content in namespace ${namespace} because it is being terminated`,
    );
    throw new ApiError('Forbidden', error.message, {
      ...error.details,
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: `namespace ${namespace} is being terminated`,
          field: 'metadata.namespace',
        },
      ],
    });
  },
};
