import type { Endpoint, EndpointSlice, Endpoints, Service } from '../api/schema/types.d.ts';
import { equalJson } from '../foundation/json.ts';
import type { Controller, ControllerContext } from '../reconcile/controller.ts';
import { controllerReference, deleteObject, isDeleting, ownerKeys } from '../reconcile/owned.ts';

const slices = 'endpointslices.discovery.k8s.io';
const serviceName = 'kubernetes.io/service-name';
const managedBy = 'endpointslice.kubernetes.io/managed-by';
const manager = 'endpointslicemirroring-controller.k8s.io';
const skip = 'endpointslice.kubernetes.io/skip-mirror';
const leader = 'control-plane.alpha.kubernetes.io/leader';
/** Per subset and family, as upstream (mirroringMaxEndpointsPerSubset); what is beyond is told in an event. */
const addressesMax = 1000;

type Subset = NonNullable<Endpoints['subsets']>[number];
type Address = NonNullable<Subset['addresses']>[number];
type Family = 'IPv4' | 'IPv6';
type Mirror = Pick<EndpointSlice, 'addressType' | 'ports' | 'endpoints'>;

/**
 * Endpoints that somebody wrote by hand for a Service without selector become slices, which is what services and DNS
 * read. https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#endpointslice-mirroring
 */
export const endpointSliceMirroringController = (): Controller => ({
  name: 'endpointslicemirroring',
  reconciles: 'endpoints',
  reads: ['services', slices],
  writes: { [slices]: ['create', 'update', 'delete'] },
  enqueue: {
    services: ({ metadata }) => [{ namespace: metadata.namespace ?? '', name: metadata.name }],
    [slices]: ownerKeys('Endpoints', ''),
  },

  async reconcile({ namespace, name }, context) {
    const endpoints = context.cache<Endpoints>('endpoints').get(namespace, name);
    if (endpoints === undefined || isDeleting(endpoints)) return undefined;
    const present = context
      .cache<EndpointSlice>(slices)
      .ownedBy(endpoints.metadata.uid!)
      .filter((slice) => slice.metadata.labels?.[managedBy] === manager && !isDeleting(slice));
    const wanted = isMirrored(endpoints, context) ? mirrorsOf(endpoints, context) : [];
    await apply(context, endpoints, wanted, present);
    return undefined;
  },
});

/** Not those of the endpoints controller, whose Service selects pods, nor the locks of old leader elections. */
function isMirrored({ metadata }: Endpoints, { cache }: ControllerContext): boolean {
  if (metadata.labels?.[skip] === 'true' || metadata.annotations?.[leader] !== undefined) return false;
  const service = cache<Service>('services').get(metadata.namespace ?? '', metadata.name!);
  return service !== undefined && !isDeleting(service) && Object.keys(service.spec?.selector ?? {}).length === 0;
}

function mirrorsOf(endpoints: Endpoints, { event }: ControllerContext): Mirror[] {
  return (endpoints.subsets ?? []).flatMap((subset) =>
    (['IPv4', 'IPv6'] as Family[]).flatMap((addressType) => {
      const all = [
        ...ofFamily(subset.addresses, addressType).map((address) => endpointOf(address, true)),
        ...ofFamily(subset.notReadyAddresses, addressType).map((address) => endpointOf(address, false)),
      ];
      if (all.length === 0) return [];
      if (all.length > addressesMax)
        event(
          ...([endpoints as any, 'Warning', 'TooManyAddressesToMirror'] as const),
          `a subset has ${all.length} ${addressType} addresses: only ${addressesMax} are used`,
        );
      const ports = (subset.ports ?? []).map(({ name = '', port, protocol = 'TCP', appProtocol }) => ({
        ...{ name, port, protocol },
        ...(appProtocol === undefined ? {} : { appProtocol }),
      }));
      return [{ addressType, ports, endpoints: all.slice(0, addressesMax) }];
    }),
  );
}

const ofFamily = (addresses: Address[] = [], family: Family) =>
  addresses.filter(({ ip }) => ip.includes(':') === (family === 'IPv6'));

const endpointOf = ({ ip, hostname, nodeName, targetRef }: Address, ready: boolean): Endpoint => ({
  ...{ addresses: [ip], conditions: { ready } },
  ...(hostname ? { hostname } : {}),
  ...(nodeName ? { nodeName } : {}),
  ...(targetRef ? { targetRef } : {}),
});

/** A slice stays with the ports it was made for; new ones first, so that an address is never listed nowhere. */
async function apply(context: ControllerContext, owner: Endpoints, wanted: Mirror[], present: EndpointSlice[]) {
  const free = new Set(present);
  const labels = { ...owner.metadata.labels, [serviceName]: owner.metadata.name!, [managedBy]: manager };
  for (const mirror of wanted) {
    const own = [...free].find(
      (slice) => slice.addressType === mirror.addressType && equalJson(slice.ports ?? [], mirror.ports ?? []),
    );
    if (own === undefined) await context.client.create(slices, sliceOf(owner, labels, mirror));
    else {
      free.delete(own);
      if (equalJson(own.endpoints ?? [], mirror.endpoints) && equalJson(own.metadata.labels, labels)) continue;
      await context.client.update(slices, { ...own, ...mirror, metadata: { ...own.metadata, labels } } as any);
    }
  }
  for (const slice of free) await deleteObject(context, slices, slice as any);
}

function sliceOf(owner: Endpoints, labels: Record<string, string>, mirror: Mirror): any {
  const { name, namespace } = owner.metadata;
  const metadata = {
    generateName: `${name}-`,
    namespace,
    labels,
    ownerReferences: [controllerReference(owner as any)],
  };
  return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, ...mirror };
}
