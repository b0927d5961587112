import type { KubernetesObject } from '../../api/object.ts';
import type { ServiceCIDR } from '../../api/schema/types.d.ts';
import type { Client } from '../../client/client.ts';

/** One of the two services that have no pods behind them: the API itself, and the cluster's DNS. */
type WellKnown = {
  namespace: string;
  name: string;
  labels: Record<string, string>;
  clusterIP: string;
  address: string;
  ports: Port[];
};
type Port = { name: string; port: number; targetPort: number; protocol: 'TCP' | 'UDP' };

export type WellKnownAddresses = {
  apiServiceAddress: string;
  dnsServiceAddress: string;
  /** Where pods of this node find both. */
  gatewayAddress: string;
  apiPort: number;
};

/** Makes, or brings up to date, the services `kubernetes` and `kube-dns` with their endpoints in both forms. */
export async function publishWellKnownServices(client: Client, addresses: WellKnownAddresses): Promise<void> {
  const { apiServiceAddress, dnsServiceAddress, gatewayAddress, apiPort } = addresses;
  await publish(client, {
    ...{ namespace: 'default', name: 'kubernetes', clusterIP: apiServiceAddress, address: gatewayAddress },
    labels: { component: 'apiserver', provider: 'kubernetes' },
    ports: [{ name: 'https', port: 443, targetPort: apiPort, protocol: 'TCP' }],
  });
  await publish(client, {
    ...{ namespace: 'kube-system', name: 'kube-dns', clusterIP: dnsServiceAddress, address: gatewayAddress },
    labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/name': 'CoreDNS' },
    ports: [
      { name: 'dns', port: 53, targetPort: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53, targetPort: 53, protocol: 'TCP' },
    ],
  });
}

const manager = { fieldManager: 'rempart', force: true };

async function publish(client: Client, wanted: WellKnown): Promise<void> {
  const { namespace, name } = wanted;
  const objects: [string, KubernetesObject][] = [
    ['services', serviceOf(wanted)],
    ['endpoints', endpointsOf(wanted)],
    ['endpointslices.discovery.k8s.io', sliceOf(wanted)],
  ];
  for (const [resource, body] of objects)
    await client.patch(resource, { namespace, name }, { type: 'apply', body }, manager);
}

function serviceOf({ namespace, name, labels, clusterIP, ports }: WellKnown): KubernetesObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels },
    // Without a selector nobody but us writes the endpoints.
    spec: { type: 'ClusterIP', clusterIP, ports },
  };
}

/** Clients of the older form find the API by it; the slice is made beside it, not mirrored from it. */
function endpointsOf({ namespace, name, address, ports }: WellKnown): KubernetesObject {
  const labels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
  const subset = {
    addresses: [{ ip: address }],
    ports: ports.map(({ name, targetPort, protocol }) => ({ name, port: targetPort, protocol })),
  };
  return { apiVersion: 'v1', kind: 'Endpoints', metadata: { name, namespace, labels }, subsets: [subset] };
}

function sliceOf({ namespace, name, address, ports }: WellKnown): KubernetesObject {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels: { 'kubernetes.io/service-name': name } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [address], conditions: { ready: true } }],
    ports: ports.map(({ name, targetPort, protocol }) => ({ name, port: targetPort, protocol })),
  };
}

const rangeName = 'kubernetes';
const ranges = 'servicecidrs.networking.k8s.io';

/**
 * Makes the ServiceCIDR `kubernetes`, which says where the addresses of services come from. The range itself is the
 * configuration's: an object that says another one is made anew, as its range is immutable.
 */
export async function publishServiceRange(client: Client, serviceCIDR: string): Promise<void> {
  const { items } = await client.list<ServiceCIDR>(ranges);
  const found = items.find(({ metadata }) => metadata.name === rangeName);
  const isCurrent = found?.spec?.cidrs?.join() === serviceCIDR;
  if (found !== undefined && !isCurrent) await client.delete(ranges, { name: rangeName });
  const object = {
    ...{ apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', metadata: { name: rangeName } },
    spec: { cidrs: [serviceCIDR] },
  };
  const made = isCurrent ? found : await client.create(ranges, object);
  const lastTransitionTime = made!.metadata.creationTimestamp;
  const ready = { type: 'Ready', status: 'True', reason: 'Configured', message: 'services get their addresses here' };
  const body = { status: { conditions: [{ ...ready, lastTransitionTime }] } };
  await client.patch(ranges, { name: rangeName }, { type: 'merge', body }, { subresource: 'status' });
}
