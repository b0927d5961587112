import { UsageError } from '../../foundation/usage-error.ts';
import {
  formatAddress,
  type Party,
  type PartyClass,
  type PolicyPod,
  type Protocol,
  parseAddress,
  parseBlock,
  podKey,
  serviceNameLabel,
  subtract,
} from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';
import { backendsOf } from '../snapshot/backends.ts';
import { type ReachModel, workloadText } from './model.ts';

/** One end of a question; `others` are pods that it stands for, too, since policies cannot tell them apart. */
export type Place = { party: Party; label: string; others: string[] };
/** Where a connection goes, or why that is not known. */
export type Target = (Place & { protocol: Protocol; port: number }) | { unknown: string };

/** The ranges that are nobody's on the Internet: RFC 6890, and multicast. */
const privateBlocks = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.168.0.0/16', '198.18.0.0/15', '224.0.0.0/3'],
].map((block) => parseBlock(block)!);

const endForms = 'NAMESPACE/POD, NAMESPACE/KIND/NAME (a workload), an IPv4 address or "internet"';

/** Pods, workloads, addresses or `internet`; one place per class of pods that policies can tell apart. Throws UsageError. */
export function placesOf(model: ReachModel, text: string): Place[] {
  if (text === 'internet') return internet(model);
  if (parseAddress(text) !== undefined) return [{ party: { address: text }, label: text, others: [] }];
  const pods = podsNamed(model, text);
  const unread = model.snapshot.whyUnread('Pod');
  if (pods === undefined && unread !== undefined) throw new UsageError(`"${text}": pods could not be read: ${unread}`);
  if (pods === undefined)
    throw new UsageError(`"${text}": no pod or workload of that name is known. An end is ${endForms}`);
  const byClass = Map.groupBy(pods, (key) => model.reachability.classOf({ pod: key }));
  return [...byClass.values()].map((keys) => ({
    party: { pod: keys[0]! },
    label: keys.length > 1 ? `${keys[0]} (and ${keys.length - 1} alike)` : keys[0]!,
    others: keys.slice(1),
  }));
}

function podsNamed({ workloads, podsOfWorkload, world }: ReachModel, text: string): string[] | undefined {
  if (workloads.has(text)) return [text];
  for (const [ref, keys] of podsOfWorkload) {
    const owner = workloads.get(keys[0]!)!;
    if (workloadText(owner) === text) return podsOfWorkload.get(ref);
  }
  return world.pods.some((pod) => podKey(pod) === text) ? [text] : undefined;
}

/** One address for each part of the Internet that some ipBlock tells from the others. */
function internet({ reachability }: ReachModel): Place[] {
  const addresses = reachability.classes.flatMap((party: PartyClass) => {
    if (party.type !== 'outside') return [];
    const [range] = party.ranges.flatMap((range) => subtract(range, privateBlocks));
    return range === undefined ? [] : [formatAddress(range.first)];
  });
  return addresses.map((address) => ({
    party: { address },
    label: addresses.length === 1 ? 'internet' : `internet (as ${address})`,
    others: [],
  }));
}

/** `TO[:PORT[/PROTOCOL]]`, where TO is an end or NAMESPACE/service/NAME. Without a port: all that it declares. */
export function targetsOf(model: ReachModel, text: string): Target[] {
  const [, name = '', port, protocolText = 'TCP'] = /^([^:]*)(?::([^/:]+)(?:\/(\w+))?)?$/.exec(text) ?? [];
  const protocol = protocolText.toUpperCase() as Protocol;
  if (name === '' || !['TCP', 'UDP', 'SCTP'].includes(protocol))
    throw new UsageError(`"${text}": where to is TO[:PORT[/PROTOCOL]], the protocol TCP, UDP or SCTP`);
  if (/^\d+$/.test(port ?? '') && Number(port) > 65_535) throw new UsageError(`"${text}": ports end at 65535`);
  const service = serviceNamed(model, name);
  if (service !== undefined) return serviceTargets(model, service, port, protocol);
  return placesOf(model, name).flatMap((place) => placeTargets(model, place, port, protocol));
}

function placeTargets({ world }: ReachModel, place: Place, port: string | undefined, protocol: Protocol): Target[] {
  if (port !== undefined && /^\d+$/.test(port)) return [{ ...place, protocol, port: Number(port) }];
  const { party, label } = place;
  const pod = 'pod' in party ? world.pods.find((pod) => podKey(pod) === party.pod) : undefined;
  if (port !== undefined) {
    const named = pod?.ports.filter((declared) => declared.name === port && declared.protocol === protocol) ?? [];
    if (named.length === 0)
      return [{ unknown: `${label} declares no ${protocol} port named "${port}": its number is not known` }];
    return named.map((declared) => ({ ...place, protocol, port: declared.port }));
  }
  if (pod === undefined) throw new UsageError(`${label}: name a port, as in ${label.split(' ')[0]}:443`);
  if (pod.ports.length === 0) return [{ unknown: `${label} declares no ports: name one` }];
  return pod.ports.map((declared) => ({ ...place, protocol: declared.protocol, port: declared.port }));
}

/** By its name, or by its address in the cluster. */
function serviceNamed({ snapshot }: ReachModel, text: string): Manifest | undefined {
  const [namespace, kind, name, more] = text.split('/');
  const services = snapshot.of('Service');
  if (parseAddress(text) !== undefined) return services.find(({ spec }) => spec?.clusterIP === text);
  if (kind !== 'service' || name === undefined || more !== undefined) return undefined;
  const found = services.find(
    ({ metadata }) => metadata.name === name && (metadata.namespace || 'default') === namespace,
  );
  if (found === undefined) throw new UsageError(`"${text}": there is no such Service`);
  return found;
}

function serviceTargets(model: ReachModel, service: Manifest, port: string | undefined, protocol: Protocol): Target[] {
  const { metadata, spec } = service;
  const label = `${metadata.namespace || 'default'}/service/${metadata.name}`;
  if (spec?.type === 'ExternalName')
    return [{ unknown: `${label} leads to the name ${spec.externalName}: its addresses are not known` }];
  type ServicePort = { name?: string; port: number; protocol?: Protocol };
  const ports = ((spec?.ports ?? []) as ServicePort[]).filter(
    (each) =>
      port === undefined || ((each.protocol ?? 'TCP') === protocol && [each.name, `${each.port}`].includes(port)),
  );
  if (ports.length === 0) return [{ unknown: `${label} has no ${protocol} port ${port}` }];
  const wellKnown = model.world.wellKnown.find(({ aliases }) =>
    aliases.some(({ address }) => address === spec.clusterIP),
  );
  return ports.flatMap((each): Target[] => {
    const asked = { protocol: each.protocol ?? 'TCP', port: each.port };
    if (wellKnown !== undefined) return [{ party: { address: spec.clusterIP }, label, others: [], ...asked }];
    const backends = spec.selector ? selected(model, service, asked) : endpoints(model, service, each.name);
    if (backends.length === 0) return [{ unknown: `no pod stands behind ${label}:${each.port}` }];
    return backends.map(({ party, others, port }) => {
      const place = 'pod' in party ? party.pod : party.address;
      if (port === undefined)
        return { unknown: `${place} has no port of the name that ${label}:${each.port} asks for` };
      return { party, label: `${label} → ${place}`, others, protocol: asked.protocol, port };
    });
  });
}

type Backend = { party: Party; others: string[]; port: number | undefined };

/**
 * One backend per class and port: policies cannot tell the others from it. The name of a headless Service stands for the
 * addresses of its pods: nothing turns its port into the target port.
 */
function selected({ world, reachability }: ReachModel, service: Manifest, asked: { protocol: Protocol; port: number }) {
  const isHeadless = service['spec'].clusterIP === 'None';
  const backends = backendsOf(service, world.pods)
    .filter(({ protocol, servicePort }) => protocol === asked.protocol && servicePort === asked.port)
    .map(({ pod, port }) => ({ pod, port: isHeadless ? asked.port : port }));
  const key = ({ pod, port }: { pod: PolicyPod; port: number | undefined }) =>
    `${reachability.classOf({ pod: podKey(pod) }).index} ${port}`;
  return [...Map.groupBy(backends, key).values()].map(
    ([first, ...rest]): Backend => ({
      ...{ party: { pod: podKey(first!.pod) }, port: first!.port },
      others: rest.map(({ pod }) => podKey(pod)),
    }),
  );
}

/** Of a Service without a selector: what somebody wrote into its EndpointSlices. */
function endpoints({ snapshot }: ReachModel, { metadata }: Manifest, portName = ''): Backend[] {
  return snapshot
    .of('EndpointSlice.discovery.k8s.io', metadata.namespace)
    .filter((slice) => slice.metadata.labels?.[serviceNameLabel] === metadata.name)
    .flatMap(({ endpoints, ports }) =>
      ((endpoints ?? []) as { addresses: string[] }[]).flatMap(({ addresses }) =>
        ((ports ?? []) as { name?: string; port: number }[])
          .filter(({ name = '' }) => name === portName)
          .map(({ port }): Backend => ({ party: { address: addresses[0]! }, others: [], port })),
      ),
    );
}
