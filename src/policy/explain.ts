import { formatSelector, type LabelSelector, matchesSelector } from '../api/selectors.ts';
import { formatAddress } from './address.ts';
import {
  addressesAt,
  type Decision,
  evaluate,
  type Located,
  locate,
  matchesPeer,
  type Party,
  portsAllow,
  resolvePortName,
  ruleAllows,
  type Side,
} from './evaluate.ts';
import type { Index } from './indexed.ts';
import type { ParsedPolicy, Peer, PortRule, Rule } from './parse.ts';
import type { CompiledSelector, Labels } from './selector.ts';
import {
  type Direction,
  namespaceNameLabel,
  type PolicyNamespace,
  type PolicyPod,
  type Protocol,
  podKey,
  type World,
} from './world.ts';

/** `spec.ingress[rule]` of the policy `namespace/name`; `peer` is its item of `from` or `to`. */
export type RuleRef = { policy: string; direction: Direction; rule: number; peer?: number };

/** One thing by which a connection misses a rule: what the rule asks for, and what there is. */
export type Difference = {
  what: 'port' | 'pod labels' | 'namespace labels' | 'namespace' | 'address' | 'pod';
  wanted: string;
  found: string;
  /** Why it may not be missed after all. */
  doubt?: string;
};

export type ExplainedSide = Side & {
  /** The rules that allow, each enough by itself. */
  rules: RuleRef[];
  /** When no rule allows: the one that misses by least. */
  nearest?: RuleRef & { differs: Difference[] };
  /** Why it could be otherwise: what would decide is not known. */
  doubts: string[];
};

/** `unknown` when the verdict hangs on something that the world does not say. It is never a plain no. */
export type Explanation = { verdict: 'allowed' | 'denied' | 'unknown'; egress: ExplainedSide; ingress: ExplainedSide };

/** What `evaluate` decides, with the rules that decide it and what is missing when none does. */
export function explain(index: Index, from: Party, to: Party, protocol: Protocol, port: number): Explanation {
  const decision: Decision = evaluate(index, from, to, protocol, port);
  const source = locate(index, from, protocol, undefined);
  const destination = locate(index, to, protocol, port);
  const target = destination.service?.backend.port ?? port;
  const connection: Connection = { index, source, destination, protocol, port: target };
  const egress = explainSide(connection, 'egress', decision.egress);
  const ingress = explainSide(connection, 'ingress', decision.ingress);
  return { verdict: verdictOf(egress, ingress), egress, ingress };
}

type Connection = { index: Index; source: Located; destination: Located; protocol: Protocol; port: number };

function verdictOf(...sides: ExplainedSide[]): Explanation['verdict'] {
  if (sides.some(({ allowed, doubts }) => !allowed && doubts.length === 0)) return 'denied';
  return sides.every(({ allowed, doubts }) => allowed && doubts.length === 0) ? 'allowed' : 'unknown';
}

function explainSide(connection: Connection, direction: Direction, side: Side): ExplainedSide {
  const own = direction === 'egress' ? connection.source.pod : connection.destination.pod;
  if (side.why !== 'policy' || own === undefined)
    return { ...side, rules: [], doubts: modeDoubts(connection.index, side, own) };
  const policies = connection.index.classOf(own).selectedBy[direction];
  const judged = policies.flatMap((policy) => judgeRules(connection, direction, policy));
  const allowing = judged.filter(({ allowed }) => allowed);
  if (allowing.length > 0) {
    const sure = allowing.some(({ unsure }) => unsure.length === 0);
    const doubts = sure ? [] : allowing.flatMap(({ unsure }) => unsure);
    return { ...side, rules: allowing.map(({ ref }) => ref), doubts: [...new Set(doubts)] };
  }
  // A rule that is missed by nothing sure might allow after all.
  const possible = judged.filter(({ differs }) => differs.every(({ doubt }) => doubt !== undefined));
  const doubts = [
    ...new Set(possible.flatMap(({ differs, unsure }) => [...differs.map(({ doubt }) => doubt!), ...unsure])),
  ];
  const [nearest] = judged.sort((a, b) => distance(a) - distance(b) || a.differs.length - b.differs.length);
  return { ...side, rules: [], doubts, ...(nearest && { nearest: { ...nearest.ref, differs: nearest.differs } }) };
}

/** The mode of isolation is a label of the namespace. */
function modeDoubts({ world }: Index, { why }: Side, own: PolicyPod | undefined): string[] {
  const byMode = why === 'off' || why === 'island' || why === 'deny';
  if (!byMode || world.foreign || own === undefined || isKnown(world, own.namespace)) return [];
  return [`the labels of namespace "${own.namespace}", which say how it is isolated, are not known`];
}

const isKnown = (world: World, namespace: string) => world.namespaces.some(({ name }) => name === namespace);

/** `unsure`: why what is allowed may not be. */
type Judged = { ref: RuleRef; allowed: boolean; differs: Difference[]; unsure: string[] };

function judgeRules(connection: Connection, direction: Direction, policy: ParsedPolicy): Judged[] {
  const { index, source, destination, protocol, port } = connection;
  const far = direction === 'egress' ? destination : source;
  return (policy.rules[direction] ?? []).map((rule, number) => {
    const allowed = ruleAllows(index, rule, far, destination, protocol, port);
    const ref = { policy: policy.name, direction, rule: number };
    if (far.service !== undefined) return { ref, allowed, differs: allowed ? [] : serviceDiffers(far), unsure: [] };
    const { peer, differs, unsure } = nearestPeer(index, rule, far);
    return {
      ref: peer === undefined ? ref : { ...ref, peer },
      ...{ allowed, unsure },
      differs: [...differs, ...portDiffers(rule, destination, protocol, port)],
    };
  });
}

const serviceDiffers = (located: Located): Difference[] => [
  {
    what: 'address',
    wanted: 'another destination or port',
    found: `${located.service!.name} at ${addressesAt(located).map(formatAddress).join()}`,
  },
];

function portDiffers({ ports }: Rule, { pod }: Located, protocol: Protocol, port: number): Difference[] {
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

type JudgedPeer = { peer?: number; differs: Difference[]; unsure: string[] };

/** The peer that matches, surely before doubtfully, or the one that misses by least. */
function nearestPeer(index: Index, { peers }: Rule, far: Located): JudgedPeer {
  if (peers === undefined) return { differs: [], unsure: [] };
  const judged = peers.map((peer, number) => ({ peer: number, ...judgePeer(index, peer, far) }));
  return judged.reduce((best, next) => (distance(next) < distance(best) ? next : best));
}

/** A doubtful miss is nearer than a sure one. */
const distance = ({ differs, unsure }: Pick<Judged, 'differs' | 'unsure'>) =>
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
