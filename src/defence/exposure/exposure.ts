import type { Manifest } from '../contract.ts';
import { refOf, refText } from '../object-ref.ts';
import { networkOf } from '../snapshot/network.ts';
import { doubtsOf } from '../snapshot/network-doubts.ts';
import { oncePerSnapshot } from '../snapshot/once.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { unreadKinds } from '../snapshot/unread-kinds.ts';
import { workloadsOf } from '../snapshot/workloads.ts';
import { isPublicAddress } from './clients.ts';
import { createExposureContext, type Entry, mergeEntries } from './entry.ts';
import { hostEntries } from './hosts.ts';
import { type ProxyWay, proxiesOf, proxyEntries } from './http.ts';
import { gatewayKind, grantKind, ingressKind, ingressWays, routeKinds, routeWays } from './routes.ts';
import { serviceEntries } from './services.ts';

export type WorkloadExposure = {
  entries: Entry[];
  /** What could lead in and was not judged, with why. */
  notAssessed: string[];
};

/** Every way from outside to a workload, after NetworkPolicy: open ones first. */
export const exposureOf = oncePerSnapshot(readExposure);

function readExposure(snapshot: Snapshot): WorkloadExposure {
  const network = networkOf(snapshot);
  const context = createExposureContext(snapshot, network);
  const notAssessed = [...network.notAssessed, ...doubtsOf(network)].map(({ what, why }) => `${what}: ${why}`);
  for (const kind of [ingressKind, ...routeKinds, gatewayKind, grantKind]) {
    const why = snapshot.whyUnread(kind);
    if (why !== undefined) notAssessed.push(`${kind}: ${why}`);
  }
  notAssessed.push(...otherWaysIn(snapshot));
  const nodesPublic = network.world.nodes.some(({ addresses }) => addresses.some(isPublicAddress));
  const entries: Entry[] = [];
  for (const service of snapshot.of('Service')) {
    if (!opensOutside(service)) continue;
    const led = serviceEntries(context, service, nodesPublic);
    const wrong = unassessable(service['spec']) ?? (led.length === 0 ? 'it leads to no pod that is known' : undefined);
    if (wrong !== undefined) notAssessed.push(`${refText(refOf(service))}: ${wrong}`);
    entries.push(...led);
  }
  for (const workload of workloadsOf(snapshot)) entries.push(...hostEntries(context, workload, nodesPublic));
  // Nobody has checked the form of custom resources: one that is not as its standard says is told, the others count.
  const tryEach = (objects: Manifest[], read: (object: Manifest) => ProxyWay[]): ProxyWay[] =>
    objects.flatMap((object) => {
      try {
        return read(object);
      } catch (error) {
        notAssessed.push(`${refText(refOf(object))}: it is not formed as its kind is (${(error as Error).message})`);
        return [];
      }
    });
  const routes = routeKinds.flatMap((kind) => snapshot.of(kind));
  const ways = [
    ...tryEach(snapshot.of(ingressKind), (ingress) => ingressWays(snapshot, ingress)),
    ...tryEach(routes, (route) => routeWays(snapshot, route)),
  ];
  if (ways.length > 0) {
    const proxies = proxiesOf(context);
    for (const way of ways) {
      const led = proxyEntries(context, way, proxies);
      if (led.length === 0)
        notAssessed.push(
          `${refText(way.via[0]!)}: Service ${way.namespace}/${way.service} leads to no pod that is known`,
        );
      entries.push(...led);
    }
  }
  const order = ['open', 'not assessed', 'closed'];
  const merged = mergeEntries(entries).sort((a, b) => order.indexOf(a.verdict) - order.indexOf(b.verdict));
  return { entries: merged, notAssessed: [...new Set(notAssessed)] };
}

/** Kinds of proxies and meshes that lead traffic from outside to Services, by their usual names. */
const leadingIn =
  /^(VirtualService|Gateway|IngressRoute|IngressRouteTCP|IngressRouteUDP|HTTPProxy|Mapping|TCPMapping|VirtualServer|TransportServer|TCPIngress|UDPIngress|ApisixRoute|Tunnel|Route)\./;
/** A group that another server answers for: OpenShift's routes. */
const routesOfOthers = /(^|\.)route\.openshift\.io$/;

/** What could lead in and is of a kind that is not read, with why. */
export function otherWaysIn(snapshot: Snapshot): string[] {
  // No other server is asked by clusters of Rempart, and none of these kinds is served.
  if (snapshot.closedByDefault) return [];
  const kinds = unreadKinds(snapshot).filter((kind) => leadingIn.test(kind));
  const groups = snapshot
    .of('APIService.apiregistration.k8s.io')
    .filter(({ metadata }) => routesOfOthers.test(metadata.name))
    .map(({ metadata }) => metadata.name);
  return [...kinds, ...groups].map((what) => `${what}: what its objects lead in is not read`);
}

const opensOutside = ({ spec }: Manifest): boolean =>
  spec?.type === 'LoadBalancer' || spec?.type === 'NodePort' || spec?.externalIPs?.length > 0;

function unassessable(spec: any): string | undefined {
  if (!spec.selector) return 'it has no selector: where it leads is written elsewhere';
  return [spec.ipFamilies ?? []].flat().includes('IPv6') ? 'policies are not judged for IPv6' : undefined;
}
