import type { EndpointAddress, EndpointSubset, Endpoints, Pod, Service } from '../api/schema/types.d.ts';
import { equalJson } from '../foundation/json.ts';
import type { Controller } from '../reconcile/controller.ts';
import { deleteObject, isDeleting, keyOf } from '../reconcile/owned.ts';
import { hostnameFor, type PodPort, portsOn, selectsPods, serving } from './endpoint-ports.ts';
import { podsOf, servicesOf } from './endpoint-slice.ts';

const addressesMax = 1000;

/** The older form of endpoint slices, for clients that still read it: one object per service, cut at 1000 addresses. */
export const endpointsController = (): Controller => ({
  name: 'endpoint',
  reconciles: 'services',
  reads: ['pods', 'endpoints'],
  writes: { endpoints: ['create', 'update', 'delete'] },
  enqueue: { pods: servicesOf, endpoints: (object) => [keyOf(object)] },

  async reconcile({ namespace, name }, context) {
    const service = context.cache<Service>('services').get(namespace, name);
    const present = context.cache<Endpoints>('endpoints').get(namespace, name);
    if (service === undefined || isDeleting(service)) {
      if (present?.metadata.labels?.['endpoints.kubernetes.io/managed-by'] === 'endpoint-controller')
        await deleteObject(context, 'endpoints', present);
      return undefined;
    }
    if (!selectsPods(service)) return undefined;
    const subsets = subsetsOf(service, podsOf(service, context));
    const labels: Record<string, string> = {
      ...service.metadata.labels,
      'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
    };
    if (service.spec?.clusterIP === 'None') labels['service.kubernetes.io/headless'] = '';
    if (present === undefined) {
      const metadata = { name, namespace, labels };
      await context.client.create('endpoints', { apiVersion: 'v1', kind: 'Endpoints', metadata, subsets });
    } else if (!equalJson(present.subsets ?? [], subsets) || !equalJson(present.metadata.labels ?? {}, labels))
      await context.client.update('endpoints', { ...present, metadata: { ...present.metadata, labels }, subsets });
    return undefined;
  },
});

export function subsetsOf(service: Service, pods: Pod[]): EndpointSubset[] {
  const subsets = new Map<string, EndpointSubset>();
  const sorted = [...pods].sort((a, b) => a.metadata.name.localeCompare(b.metadata.name)).slice(0, addressesMax);
  for (const pod of sorted) {
    const conditions = serving(service, pod);
    if (conditions.terminating && !conditions.ready) continue;
    const ports: PodPort[] = portsOn(service, pod);
    const key = JSON.stringify(ports);
    const subset = subsets.get(key) ?? { ports };
    subsets.set(key, subset);
    const list = conditions.ready ? 'addresses' : 'notReadyAddresses';
    subset[list] = [...(subset[list] ?? []), addressOf(service, pod)];
  }
  return [...subsets.values()];
}

function addressOf(service: Service, pod: Pod): EndpointAddress {
  const { name, namespace, uid } = pod.metadata;
  return {
    ip: pod.status!.podIP!,
    hostname: hostnameFor(service, pod),
    nodeName: pod.spec?.nodeName,
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}
