import type { Endpoint, EndpointSlice, Node, Pod, Service } from '../api/schema/types.d.ts';
import { equalJson } from '../foundation/json.ts';
import type { Controller, ControllerContext, Key } from '../reconcile/controller.ts';
import { controllerReference, deleteObject, isDeleting, keyOf } from '../reconcile/owned.ts';
import { selected } from '../reconcile/selected.ts';
import { servicesSelecting } from '../reconcile/services.ts';
import { hasAddress, hostnameFor, type PodPort, portsOn, selectsPods, serving } from './endpoint-ports.ts';

const slices = 'endpointslices.discovery.k8s.io';
const serviceName = 'kubernetes.io/service-name';
const managedBy = 'endpointslice.kubernetes.io/managed-by';
const manager = 'endpointslice-controller.k8s.io';
const headless = 'service.kubernetes.io/headless';
const endpointsMax = 100;

type Family = 'IPv4' | 'IPv6';
/** Endpoints that share ports and address family, and therefore slices. */
export type Group = { addressType: Family; ports: PodPort[]; endpoints: Endpoint[] };

/** Tells where the pods of each service are, in slices of at most 100 endpoints. */
export const endpointSliceController = (): Controller => ({
  name: 'endpointslice',
  reconciles: 'services',
  reads: ['pods', 'nodes', slices],
  writes: { [slices]: ['create', 'update', 'delete'] },
  enqueue: {
    pods: servicesOf,
    [slices]: ({ metadata }) =>
      metadata.labels?.[managedBy] === manager
        ? [{ namespace: metadata.namespace ?? '', name: metadata.labels[serviceName] ?? '' }]
        : [],
  },

  async reconcile({ namespace, name }, context) {
    const service = context.cache<Service>('services').get(namespace, name);
    if (service === undefined || isDeleting(service)) return undefined;
    if (!selectsPods(service)) return undefined;
    const present = context
      .cache<EndpointSlice>(slices)
      .ownedBy(service.metadata.uid!)
      .filter((slice) => slice.metadata.labels?.[managedBy] === manager && !isDeleting(slice));
    const zones = (node: string) =>
      context.cache<Node>('nodes').get('', node)?.metadata.labels?.['topology.kubernetes.io/zone'];
    await apply(context, planSlices(service, groups(service, podsOf(service, context), zones), present));
    return undefined;
  },
});

/** For `enqueue`: the services that select a pod. */
export function servicesOf(pod: { metadata: Pod['metadata'] }, { cache }: ControllerContext): Key[] {
  const { namespace = '', labels } = pod.metadata;
  return servicesSelecting(cache<Service>('services'), namespace, labels).map(keyOf);
}

export const podsOf = ({ metadata, spec }: Service, { cache }: ControllerContext): Pod[] =>
  selected(cache<Pod>('pods'), metadata.namespace!, { matchLabels: spec!.selector }).filter(hasAddress);

export function groups(service: Service, pods: Pod[], zoneOf: (node: string) => string | undefined): Group[] {
  const families = (service.spec?.ipFamilies ?? ['IPv4']) as Family[];
  const found = new Map<string, Group>();
  for (const addressType of families) {
    for (const pod of pods) {
      const addresses = (pod.status?.podIPs ?? [{ ip: pod.status?.podIP }]).map(({ ip }) => ip ?? '');
      const address = addresses.find((ip) => ip.includes(':') === (addressType === 'IPv6'));
      if (!address) continue;
      const ports = portsOn(service, pod);
      const key = JSON.stringify([addressType, ports]);
      const group = found.get(key) ?? { addressType, ports, endpoints: [] };
      group.endpoints.push(endpointOf(service, pod, address, zoneOf));
      found.set(key, group);
    }
    // A service without pods has one empty slice, so that readers know it is looked after.
    if (![...found.values()].some((group) => group.addressType === addressType))
      found.set(addressType, { addressType, ports: [], endpoints: [] });
  }
  return [...found.values()];
}

function endpointOf(
  service: Service,
  pod: Pod,
  address: string,
  zoneOf: (node: string) => string | undefined,
): Endpoint {
  const { name, namespace, uid } = pod.metadata;
  const nodeName = pod.spec?.nodeName;
  return {
    addresses: [address],
    conditions: serving(service, pod),
    hostname: hostnameFor(service, pod),
    nodeName,
    zone: nodeName ? zoneOf(nodeName) : undefined,
    targetRef: { kind: 'Pod', namespace, name, uid },
  };
}

export type SlicePlan = { create: EndpointSlice[]; update: EndpointSlice[]; remove: EndpointSlice[] };

/** Endpoints stay in the slice they are in; new ones fill slices with room before another slice is made. */
export function planSlices(service: Service, wanted: Group[], present: EndpointSlice[]): SlicePlan {
  const plan: SlicePlan = { create: [], update: [], remove: [] };
  const free = new Set(present);
  for (const { addressType, ports, endpoints } of wanted) {
    const own = [...free].filter((slice) => slice.addressType === addressType && equalJson(slice.ports ?? [], ports));
    const left = new Map(endpoints.map((endpoint) => [endpoint.targetRef!.uid!, endpoint]));
    const kept = own.map((slice) =>
      (slice.endpoints ?? []).flatMap(({ targetRef }) => {
        const endpoint = left.get(targetRef?.uid ?? '');
        left.delete(targetRef?.uid ?? '');
        return endpoint ? [endpoint] : [];
      }),
    );
    const fresh = [...left.values()];
    for (const list of kept) list.push(...fresh.splice(0, Math.max(0, endpointsMax - list.length)));
    own.forEach((slice, index) => {
      const list = kept[index]!;
      if (list.length === 0 && (endpoints.length > 0 || index > 0)) return;
      free.delete(slice);
      const labels = labelsFor(service);
      if (equalJson(slice.endpoints ?? [], list) && equalJson(slice.metadata.labels, labels)) return;
      plan.update.push({ ...slice, metadata: { ...slice.metadata, labels }, endpoints: list });
    });
    while (fresh.length > 0) plan.create.push(sliceOf(service, addressType, ports, fresh.splice(0, endpointsMax)));
    if (endpoints.length === 0 && own.length === 0) plan.create.push(sliceOf(service, addressType, ports, []));
  }
  plan.remove.push(...free);
  return plan;
}

const labelsFor = ({ metadata, spec }: Service): Record<string, string> => ({
  ...metadata.labels,
  ...(spec?.clusterIP === 'None' ? { [headless]: '' } : {}),
  [serviceName]: metadata.name,
  [managedBy]: manager,
});

function sliceOf(service: Service, addressType: Family, ports: PodPort[], endpoints: Endpoint[]): EndpointSlice {
  const { name, namespace } = service.metadata;
  const metadata = {
    generateName: `${name}-`,
    namespace,
    labels: labelsFor(service),
    ownerReferences: [controllerReference(service)],
  };
  const apiVersion = 'discovery.k8s.io/v1';
  return { apiVersion, kind: 'EndpointSlice', metadata: metadata as any, addressType, endpoints, ports };
}

/** New slices first: an endpoint that moves is listed twice for a moment, never not at all. */
async function apply(context: ControllerContext, { create, update, remove }: SlicePlan) {
  for (const slice of create) await context.client.create(slices, slice);
  for (const slice of update) await context.client.update(slices, slice);
  for (const slice of remove) await deleteObject(context, slices, slice);
}
