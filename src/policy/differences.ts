import { formatSelector, type LabelSelector, matchesSelector } from '../api/selectors.ts';
import { formatAddress } from './address.ts';
import { addressesAt, type Located, matchesPeer, portsAllow, resolvePortName } from './evaluate.ts';
import type { Index } from './indexed.ts';
import type { Peer, PortRule, Rule } from './parse.ts';
import type { CompiledSelector, Labels } from './selector.ts';
import {
  namespaceNameLabel,
  type PolicyNamespace,
  type PolicyPod,
  type Protocol,
  podKey,
  type World,
} from './world.ts';

/** One thing by which a connection misses a rule: what the rule asks for, and what there is. */
export type Difference = {
  what: 'port' | 'pod labels' | 'namespace labels' | 'namespace' | 'address' | 'pod';
  wanted: string;
  found: string;
  /** Why it may not be missed after all. */
  doubt?: string;
};

/** Does the world say which labels the namespace has? */
export const isKnown = (world: World, namespace: string) => world.namespaces.some(({ name }) => name === namespace);

/** A Service leads elsewhere: no rule is about it. */
export const serviceDiffers = (located: Located): Difference[] => [
  {
    what: 'address',
    wanted: 'another destination or port',
    found: `${located.service!.name} at ${addressesAt(located).map(formatAddress).join()}`,
  },
];

/** By what a rule's ports miss the port, or nothing. */
export function portDiffers({ ports }: Rule, { pod }: Located, protocol: Protocol, port: number): Difference[] {
  if (portsAllow(ports, pod, protocol, port)) return [];
  const wanted = ports!.map(portText).join(', ') || 'none';
  const unresolved = ports!.find((rule) => 'portName' in rule && rule.protocol === protocol && !hasPort(pod, rule));
  const where = pod === undefined ? 'the destination is no pod' : `${podKey(pod)} declares no port of that name`;
  const doubt = unresolved && { doubt: `which number the port name in "${wanted}" stands for is not known: ${where}` };
  return [{ what: 'port', wanted, found: `${protocol} ${port}`, ...doubt }];
}

const hasPort = (pod: PolicyPod | undefined, rule: PortRule) =>
  'portName' in rule && resolvePortName(pod, rule.protocol, rule.portName).length > 0;

const portText = (rule: PortRule): string => {
  if ('portName' in rule) return `${rule.protocol} ${rule.portName}`;
  if (rule.first === 0 && rule.last === 65_535) return rule.protocol;
  return `${rule.protocol} ${rule.first === rule.last ? rule.first : `${rule.first}-${rule.last}`}`;
};

/** `unsure`: why what is matched may not be. */
type JudgedPeer = { peer?: number; differs: Difference[]; unsure: string[] };

/** The peer that matches, surely before doubtfully, or the one that misses by least. */
export function nearestPeer(index: Index, { peers }: Rule, far: Located): JudgedPeer {
  if (peers === undefined) return { differs: [], unsure: [] };
  const judged = peers.map((peer, number) => ({ peer: number, ...judgePeer(index, peer, far) }));
  return judged.reduce((best, next) => (distance(next) < distance(best) ? next : best));
}

/** A doubtful miss is nearer than a sure one. */
export const distance = ({ differs, unsure }: Pick<JudgedPeer, 'differs' | 'unsure'>) =>
  3 * differs.filter(({ doubt }) => doubt === undefined).length +
  2 * Math.sign(differs.length) +
  Math.sign(unsure.length);

function judgePeer(index: Index, peer: Peer, far: Located): JudgedPeer {
  if (peer.type === 'blocks') {
    if (matchesPeer(index, peer, far)) return { differs: [], unsure: [] };
    const wanted = peer.ranges.map(({ first, last }) => `${formatAddress(first)}-${formatAddress(last)}`).join(', ');
    const addresses = addressesAt(far);
    const found = addresses.map(formatAddress).join(', ') || 'no address';
    const doubt = addresses.length === 0 && { doubt: 'an ipBlock decides, and the address is not known yet' };
    return { differs: [{ what: 'address', wanted: wanted || 'none', found, ...doubt }], unsure: [] };
  }
  const { pod } = far;
  if (pod === undefined) return { differs: [noPod(far)], unsure: [] };
  const { namespace } = index.classOf(pod);
  const { differs, unsure } = namespaceDiffers(index, peer.namespace, namespace);
  return { differs: [...differs, ...labelDiffers('pod labels', peer.pods, pod.labels)], unsure };
}

function namespaceDiffers(index: Index, wanted: CompiledSelector | string, { name, labels }: PolicyNamespace) {
  if (typeof wanted === 'string')
    return { differs: wanted === name ? [] : [{ what: 'namespace' as const, wanted, found: name }], unsure: [] };
  const differs = labelDiffers('namespace labels', wanted, labels);
  if (isKnown(index.world, name) || wanted.keys.every((key) => key === namespaceNameLabel))
    return { differs, unsure: [] };
  const doubt = `the labels of namespace "${name}" are not known`;
  const sure = ({ wanted }: Difference) => wanted.startsWith(namespaceNameLabel);
  return {
    differs: differs.map((difference) => (sure(difference) ? difference : { ...difference, doubt })),
    unsure: differs.length === 0 ? [doubt] : [],
  };
}

const noPod = (located: Located): Difference => ({
  what: 'pod',
  wanted: 'a pod that selectors find',
  found: `the address ${addressesAt(located).map(formatAddress).join(', ') || 'of nobody'}${located.node ? ` (on the network of node ${located.node})` : ''}`,
});

function labelDiffers(what: Difference['what'], { selector, matches }: CompiledSelector, labels: Labels): Difference[] {
  if (matches(labels)) return [];
  const parts: [string, LabelSelector][] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {}))
    parts.push([key, { matchLabels: { [key]: value } }]);
  for (const part of selector.matchExpressions ?? []) parts.push([part.key, { matchExpressions: [part] }]);
  return parts
    .filter(([, part]) => !matchesSelector(part, labels))
    .map(([key, part]) => ({ what, wanted: formatSelector(part), found: labelText(key, labels) }));
}

const labelText = (key: string, labels: Labels) =>
  Object.hasOwn(labels, key) ? `${key}=${labels[key]}` : `no label ${key}`;
