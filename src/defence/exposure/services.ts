import type { PolicyPod } from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';
import { refOf } from '../object-ref.ts';
import { backendsOf } from '../snapshot/backends.ts';
import { namespaceOf } from '../snapshot/workloads.ts';
import { isPublicAddress } from './clients.ts';
import { allowList, type Entry, type EntryType, type ExposureContext } from './entry.ts';

/** Annotations by which clouds keep a load balancer off the Internet. */
const internalAnnotations: [key: string, value: RegExp][] = [
  ['service.beta.kubernetes.io/aws-load-balancer-internal', /^(true|0\.0\.0\.0\/0)$/],
  ['service.beta.kubernetes.io/aws-load-balancer-scheme', /^internal$/],
  ['service.beta.kubernetes.io/azure-load-balancer-internal', /^true$/],
  ['networking.gke.io/load-balancer-type', /^Internal$/i],
  ['cloud.google.com/load-balancer-type', /^Internal$/i],
  ['service.beta.kubernetes.io/openstack-internal-load-balancer', /^true$/],
];

/** Ways in through one Service: by a load balancer, by a port of every node, by addresses that it names. */
export function serviceEntries(context: ExposureContext, service: Manifest, nodesPublic: boolean): Entry[] {
  const { spec } = service;
  const balanced = spec?.type === 'LoadBalancer';
  const local = spec?.externalTrafficPolicy === 'Local';
  const masked = !local && !context.snapshot.closedByDefault;
  const pods = context.network.podsIn(namespaceOf(service));
  const entries: Entry[] = [];
  for (const { pod, protocol, servicePort, port } of backendsOf(service, pods)) {
    const add = (type: EntryType, at: string, reach: Entry['reach'], ranges?: unknown) =>
      entries.push(createEntry(context, service, { type, at, reach, ranges, pod, protocol, port, masked }));
    const listed: { port: number; nodePort?: number }[] = spec?.ports ?? [];
    const nodePort = listed.find((each) => each.port === servicePort)?.nodePort;
    if (balanced)
      for (const address of balancerAddresses(service))
        add(
          'LoadBalancer',
          `${address}:${servicePort}`,
          balancerReach(service, address),
          spec.loadBalancerSourceRanges,
        );
    const offersNodePort = balanced ? nodePort !== undefined : spec?.type === 'NodePort';
    if (offersNodePort)
      add('NodePort', `any node:${nodePort ?? '(assigned later)'}`, nodesPublic ? 'internet' : 'nodes');
    for (const address of [spec?.externalIPs ?? []].flat())
      add('external IP', `${address}:${servicePort}`, isPublicAddress(String(address)) ? 'internet' : 'internal');
  }
  return entries;
}

function balancerAddresses({ status }: Manifest): string[] {
  const given: { ip?: string; hostname?: string }[] = status?.loadBalancer?.ingress ?? [];
  return given.length === 0 ? ['load balancer'] : given.map(({ ip, hostname }) => ip ?? hostname ?? 'load balancer');
}

function balancerReach({ metadata }: Manifest, address: string): Entry['reach'] {
  if (internalAnnotations.some(([key, value]) => value.test(String(metadata.annotations?.[key] ?? ''))))
    return 'internal';
  return /^[\d.]+$/.test(address) && !isPublicAddress(address) ? 'internal' : 'internet';
}

type Way = {
  type: EntryType;
  at: string;
  reach: Entry['reach'];
  ranges: unknown;
  pod: PolicyPod;
  protocol: Entry['protocol'];
  port: number | undefined;
  masked: boolean;
};

function createEntry(context: ExposureContext, service: Manifest, way: Way): Entry {
  const { type, at, reach, ranges, pod, protocol, port, masked } = way;
  const allowed = allowList(ranges);
  const from = allowed === undefined ? 'everybody' : (ranges as string[]).join(', ');
  const about = {
    type,
    at,
    from,
    reach,
    via: [refOf(service)],
    workload: context.network.workloadOf(pod),
    protocol,
    port,
  };
  if (port === undefined)
    return { ...about, verdict: 'closed', why: 'the pod has no port of the name that the Service asks for', by: [] };
  const judged = context.judge(pod, protocol, port, { masked, ...(allowed ? { allowed } : {}) });
  return {
    ...about,
    reach: judged.public ? reach : 'internal',
    verdict: judged.verdict,
    why: judged.why,
    by: judged.by,
  };
}
