import { matchesSelector } from '../../api/selectors.ts';
import { namespaceNameLabel } from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';
import { refOf } from '../object-ref.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { namespaceOf } from '../snapshot/workloads.ts';
import type { ProxyWay } from './http.ts';

export const ingressKind = 'Ingress.networking.k8s.io';
const gatewayGroup = 'gateway.networking.k8s.io';
export const gatewayKind = `Gateway.${gatewayGroup}`;
export const grantKind = `ReferenceGrant.${gatewayGroup}`;
export const routeKinds = ['HTTPRoute', 'GRPCRoute', 'TLSRoute', 'TCPRoute', 'UDPRoute'].map(
  (kind) => `${kind}.${gatewayGroup}`,
);

/** Host and path of every rule of an Ingress. https://kubernetes.io/docs/concepts/services-networking/ingress/ */
export function ingressWays(snapshot: Snapshot, ingress: Manifest): ProxyWay[] {
  const { spec, metadata } = ingress;
  const namespace = namespaceOf(ingress);
  const ofClass = spec?.ingressClassName ?? metadata.annotations?.['kubernetes.io/ingress.class'];
  const tls: { hosts?: string[] }[] = spec?.tls ?? [];
  const via = [refOf(ingress)];
  const classRef = { kind: 'IngressClass.networking.k8s.io', namespace: '', name: String(ofClass) };
  if (ofClass !== undefined) via.push(classRef);
  const controller: string | undefined = snapshot.get(classRef)?.['spec']?.controller;
  const way = (host: string, path: string, backend: any): ProxyWay[] => {
    const { name, port } = backend?.service ?? {};
    const secure = tls.some(({ hosts }) => !hosts?.length || hosts.includes(host));
    const at = `${secure ? 'https' : 'http'}://${host || '*'}${path}`;
    return name === undefined
      ? []
      : [
          {
            ...{ type: 'Ingress', at, via, namespace, service: name, port: port?.number ?? port?.name },
            ...(controller && { controller }),
          },
        ];
  };
  const rules: { host?: string; http?: { paths?: { path?: string; backend?: unknown }[] } }[] = spec?.rules ?? [];
  return [
    ...(spec?.defaultBackend ? way('', '/', spec.defaultBackend) : []),
    ...rules.flatMap(({ host = '', http }) =>
      (http?.paths ?? []).flatMap(({ path = '/', backend }) => way(host, path, backend)),
    ),
  ];
}

type Listener = {
  name?: string;
  port: number;
  protocol?: string;
  hostname?: string;
  allowedRoutes?: { namespaces?: { from?: string; selector?: object } };
};

type Backend = { kind?: string; name: string; namespace?: string; port?: number };
const isService = ({ kind = 'Service' }: Backend): boolean => kind === 'Service';

/** Is what is not there known to be absent? */
const isAllRead = ({ source, whyUnread }: Snapshot, kind: string): boolean =>
  source === 'cluster' && whyUnread(kind) === undefined;

/** Every listener that a route hangs on, with each of its backends. https://gateway-api.sigs.k8s.io/reference/spec/ */
export function routeWays(snapshot: Snapshot, route: Manifest): ProxyWay[] {
  const namespace = namespaceOf(route);
  const parents: { kind?: string; name: string; namespace?: string; sectionName?: string; port?: number }[] =
    route['spec']?.parentRefs ?? [];
  const rules: any[] = route['spec']?.rules ?? [];
  const services = rules.flatMap((rule): Backend[] => rule?.backendRefs ?? []).filter(isService);
  return parents.flatMap((parent) => {
    if ((parent.kind ?? 'Gateway') !== 'Gateway') return [];
    const at = parent.namespace ?? namespace;
    const gateway = snapshot.of(gatewayKind, at).find(({ metadata }) => metadata.name === parent.name);
    if (gateway === undefined && isAllRead(snapshot, gatewayKind)) return [];
    if (gateway === undefined) return services.map((backend) => unknownWay(route, backend, `${at}/${parent.name}`));
    const listeners = ((gateway['spec']?.listeners ?? []) as Listener[]).filter(
      ({ name, port }) =>
        (parent.sectionName === undefined || parent.sectionName === name) &&
        (parent.port === undefined || parent.port === port),
    );
    const className = { kind: `GatewayClass.${gatewayGroup}`, namespace: '', name: gateway['spec']?.gatewayClassName };
    const controller: string | undefined = snapshot.get(className)?.['spec']?.controllerName;
    return listeners.flatMap((listener) =>
      services.map((backend): ProxyWay => {
        const target = backend.namespace ?? namespace;
        const refused = whyRefused(snapshot, { gateway, listener, route, target, service: backend.name });
        return {
          ...{ type: 'Gateway', at: listenerText(listener, route), via: [refOf(gateway), refOf(route)] },
          ...{ namespace: target, service: backend.name, port: backend.port },
          ...(controller && { controller }),
          ...(refused === undefined ? {} : { refused }),
        };
      }),
    );
  });
}

/** By a Gateway that was not read. */
const unknownWay = (route: Manifest, { name, namespace, port }: Backend, gateway: string): ProxyWay => ({
  ...{ type: 'Gateway', at: hostsOf(route) || '*', via: [refOf(route)] },
  ...{ namespace: namespace ?? namespaceOf(route), service: name, port },
  refused: { why: `what Gateway ${gateway} leads in is not known: it was not read`, isSure: false },
});

function listenerText({ protocol = 'HTTP', hostname, port }: Listener, route: Manifest): string {
  return `${protocol.toLowerCase()}://${hostsOf(route) || hostname || '*'}:${port}`;
}

const hostsOf = (route: Manifest): string => ((route['spec']?.hostnames ?? []) as string[]).join('|');

type Attachment = { gateway: Manifest; listener: Listener; route: Manifest; target: string; service: string };

function whyRefused(
  snapshot: Snapshot,
  { gateway, listener, route, target, service }: Attachment,
): ProxyWay['refused'] {
  const own = namespaceOf(route);
  const { from = 'Same', selector = {} } = listener.allowedRoutes?.namespaces ?? {};
  const namespace = snapshot.get({ kind: 'Namespace', namespace: '', name: own });
  const admitted =
    from === 'All' ||
    (from === 'Same' && own === namespaceOf(gateway)) ||
    (from === 'Selector' && matchesSelector(selector, { ...namespace?.metadata.labels, [namespaceNameLabel]: own }));
  if (!admitted)
    return {
      why: `listener ${listener.name ?? listener.port} takes no routes of namespace ${own}`,
      isSure: from !== 'Selector' || namespace !== undefined || isAllRead(snapshot, 'Namespace'),
    };
  if (target === own || granted(snapshot, own, route.kind, target, service)) return undefined;
  const why = `no ReferenceGrant in ${target} lets ${route.kind}s of ${own} refer to Service ${service}`;
  return { why, isSure: isAllRead(snapshot, grantKind) };
}

const granted = (snapshot: Snapshot, own: string, kind: string, target: string, service: string): boolean =>
  snapshot
    .of(grantKind, target)
    .some(
      ({ spec }) =>
        (spec?.from ?? []).some((each: any) => each?.kind === kind && each.namespace === own) &&
        (spec?.to ?? []).some((each: any) => each?.kind === 'Service' && (each.name ?? service) === service),
    );
