import { matchesSelector } from '../../api/selectors.ts';
import type { Manifest } from '../contract.ts';
import { refOf } from '../object-ref.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { namespaceOf } from '../snapshot/workloads.ts';
import type { ProxyWay } from './http.ts';

export const ingressKind = 'Ingress.networking.k8s.io';
const gatewayGroup = 'gateway.networking.k8s.io';
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

/** Every listener that a route hangs on, with each of its backends. https://gateway-api.sigs.k8s.io/reference/spec/ */
export function routeWays(snapshot: Snapshot, route: Manifest): ProxyWay[] {
  const namespace = namespaceOf(route);
  const parents: { kind?: string; name: string; namespace?: string; sectionName?: string; port?: number }[] =
    route['spec']?.parentRefs ?? [];
  const backends: { kind?: string; name: string; namespace?: string; port?: number }[] = (
    (route['spec']?.rules ?? []) as any[]
  ).flatMap((rule) => rule?.backendRefs ?? []);
  return parents.flatMap((parent) => {
    if ((parent.kind ?? 'Gateway') !== 'Gateway') return [];
    const at = parent.namespace ?? namespace;
    const gateway = snapshot.of(`Gateway.${gatewayGroup}`, at).find(({ metadata }) => metadata.name === parent.name);
    if (gateway === undefined) return [];
    const listeners = ((gateway['spec']?.listeners ?? []) as Listener[]).filter(
      ({ name, port }) =>
        (parent.sectionName === undefined || parent.sectionName === name) &&
        (parent.port === undefined || parent.port === port),
    );
    const className = { kind: `GatewayClass.${gatewayGroup}`, namespace: '', name: gateway['spec']?.gatewayClassName };
    const controller: string | undefined = snapshot.get(className)?.['spec']?.controllerName;
    return listeners.flatMap((listener) =>
      backends
        .filter(({ kind = 'Service' }) => kind === 'Service')
        .map((backend): ProxyWay => {
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

function listenerText({ protocol = 'HTTP', hostname, port }: Listener, route: Manifest): string {
  const hosts: string[] = route['spec']?.hostnames ?? [];
  return `${protocol.toLowerCase()}://${hosts.join('|') || hostname || '*'}:${port}`;
}

type Attachment = { gateway: Manifest; listener: Listener; route: Manifest; target: string; service: string };

function whyRefused(snapshot: Snapshot, { gateway, listener, route, target, service }: Attachment): string | undefined {
  const own = namespaceOf(route);
  const { from = 'Same', selector = {} } = listener.allowedRoutes?.namespaces ?? {};
  const namespace = snapshot.get({ kind: 'Namespace', namespace: '', name: own });
  const admitted =
    from === 'All' ||
    (from === 'Same' && own === namespaceOf(gateway)) ||
    (from === 'Selector' && matchesSelector(selector, namespace?.metadata.labels ?? {}));
  if (!admitted) return `listener ${listener.name ?? listener.port} takes no routes of namespace ${own}`;
  if (target === own || granted(snapshot, own, route.kind, target, service)) return undefined;
  return `no ReferenceGrant in ${target} lets ${route.kind}s of ${own} refer to Service ${service}`;
}

const granted = (snapshot: Snapshot, own: string, kind: string, target: string, service: string): boolean =>
  snapshot
    .of(`ReferenceGrant.${gatewayGroup}`, target)
    .some(
      ({ spec }) =>
        (spec?.from ?? []).some((each: any) => each?.kind === kind && each.namespace === own) &&
        (spec?.to ?? []).some((each: any) => each?.kind === 'Service' && (each.name ?? service) === service),
    );
