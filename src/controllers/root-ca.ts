import type { ConfigMap, Namespace } from '../api/schema/types.d.ts';
import type { Controller } from '../reconcile/controller.ts';
import { isDeleting } from '../reconcile/owned.ts';

const configMapName = 'kube-root-ca.crt';
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the ' +
  'internal service IP or kubernetes.default.svc.';

/** Every namespace has the certificate authority of the API server, so that pods can verify whom they talk to. */
export const rootCaController = (certificateAuthorityPem: () => string): Controller => ({
  name: 'root-ca-certificate-publisher',
  reconciles: 'namespaces',
  reads: ['configmaps'],
  writes: { configmaps: ['create', 'update'] },
  enqueue: {
    configmaps: ({ metadata }) =>
      metadata.name === configMapName ? [{ namespace: '', name: metadata.namespace ?? '' }] : [],
  },

  async reconcile({ name }, { cache, client }) {
    const namespace = cache<Namespace>('namespaces').get('', name);
    if (namespace === undefined || isDeleting(namespace)) return undefined;
    const data = { 'ca.crt': certificateAuthorityPem() };
    const present = cache<ConfigMap>('configmaps').get(name, configMapName);
    const annotations = { ...present?.metadata.annotations, 'kubernetes.io/description': description };
    if (present === undefined) {
      const metadata = { name: configMapName, namespace: name, annotations };
      await client.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    } else if (present.data?.['ca.crt'] !== data['ca.crt'] || Object.keys(present.data).length !== 1)
      await client.update('configmaps', { ...present, metadata: { ...present.metadata, annotations }, data });
    return undefined;
  },
});
