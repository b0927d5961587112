import {
  type Exposure,
  exposes,
  type PolicyPod,
  serviceExposures,
  serviceNameLabel,
  type WellKnown,
} from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';
import { backendsOf } from './backends.ts';
import type { NotAssessed, TryEach } from './noting.ts';
import type { Snapshot } from './snapshot.ts';

export const endpointSliceKind = 'EndpointSlice.discovery.k8s.io';

/** What Services expose to the outside: by endpoints where there are pods with addresses, by selectors for those that do not run yet. */
export function exposuresOf(snapshot: Snapshot, pods: PolicyPod[], tryEach: TryEach): Exposure[] {
  const exposing = snapshot.of('Service').filter(exposes);
  const waiting = pods.filter(({ ips, hostNetwork }) => ips.length === 0 && !hostNetwork);
  const bySelector = tryEach(exposing, (service) =>
    backendsOf(service, waiting).flatMap(({ pod, protocol, port }) =>
      port === undefined ? [] : [{ namespace: pod.namespace, pod: pod.name, protocol, port }],
    ),
  );
  const slices = tryEach(snapshot.of(endpointSliceKind), checkedSlice);
  return [...serviceExposures(exposing, slices, pods), ...bySelector.flat()];
}

function checkedSlice(slice: Manifest): Manifest {
  for (const list of [slice.endpoints ?? [], slice.ports ?? [], ...(slice.endpoints ?? []).map(addressesIn)])
    if (!Array.isArray(list)) throw new Error('endpoints, their addresses and ports must be lists');
  return slice;
}

const addressesIn = ({ addresses }: { addresses: unknown }) => addresses;

/** DNS and the API, which have no pods of their own on our clusters: their Services, and where their endpoints are. */
export function wellKnownServices(snapshot: Snapshot, notAssessed: NotAssessed[]): WellKnown[] {
  const dns = wellKnown(snapshot, 'kube-system', 'kube-dns');
  const api = wellKnown(snapshot, 'default', 'kubernetes');
  const why = 'neither Service nor EndpointSlice is here: where pods find it is not known';
  if (dns === undefined) notAssessed.push({ what: 'cluster DNS (Service kube-system/kube-dns)', why });
  if (api === undefined) notAssessed.push({ what: 'the API (Service default/kubernetes)', why });
  return [
    ...(dns ? [{ ...dns, name: 'dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }] : []),
    ...(api ? [{ ...api, name: 'api' }] : []),
  ];
}

function wellKnown(snapshot: Snapshot, namespace: string, name: string): WellKnown | undefined {
  const service = snapshot.get({ kind: 'Service', namespace, name });
  const slice = snapshot
    .of(endpointSliceKind, namespace)
    .find(({ metadata }) => metadata.labels?.[serviceNameLabel] === name);
  const address: string | undefined = slice?.endpoints?.[0]?.addresses?.[0];
  const port: number | undefined = slice?.ports?.[0]?.port;
  if (address === undefined || port === undefined || service?.spec?.clusterIP === undefined) return undefined;
  const ports: { port: number; protocol?: 'TCP' | 'UDP' }[] = service.spec.ports ?? [];
  return {
    name,
    protocols: [...new Set(ports.map(({ protocol = 'TCP' }) => protocol))],
    backend: { address, port },
    aliases: [...new Set(ports.map(({ port }) => port))].map((port) => ({ address: service.spec.clusterIP, port })),
  };
}
