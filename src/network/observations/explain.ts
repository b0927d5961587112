import { listMax, textMax } from '../../api/observations/decode.ts';
import type { Drop, Flow, FlowEnd } from '../../api/observations/observation.ts';
import {
  createEvaluator,
  type Evaluator,
  type NetworkPolicy,
  type Party,
  podKey,
  type Side,
  type World,
} from '../../policy/policy.ts';
import type { Sighting } from './kernel.ts';

/** What the node enforces, as one fixed world and its judge. */
export type Judged = { world: World; evaluator: Evaluator };
type Question = Pick<Flow, 'from' | 'to' | 'protocol' | 'port'>;

/**
 * Why the kernel dropped this: whose rules it was is what the kernel says; which policies, which of their rules came
 * nearest and what would let it pass is what the evaluator says of the world at `judged`.
 */
export function explainDrop(outcome: Exclude<Sighting['outcome'], 'seen'>, flow: Question, judged: Judged): Drop {
  if (outcome === 'source') return sourceDrop(flow);
  const { world, evaluator } = judged;
  const unknown = outcome === 'ingress' && flow.to.type === 'address';
  if (unknown) return { side: 'ingress', why: 'not programmed', by: [], nearest: 'no pod is ready at that address' };
  const decision = decide(evaluator, flow);
  const side = decision?.[outcome];
  if (side === undefined || side.allowed)
    return { side: outcome, why: 'policy', by: [], nearest: 'the pod is gone or its rules have changed since' };
  if (side.why === 'node guard')
    return {
      side: 'node',
      why: 'node guard',
      by: [],
      nearest: 'a pod reaches its node at DNS, the API and host ports',
    };
  const { nearest } = nearestRule(outcome, side, flow, world);
  return {
    ...{ side: outcome, why: side.why as Drop['why'], by: side.by.slice(0, listMax) },
    ...(nearest === undefined ? {} : { nearest: cut(nearest) }),
    allowance: cut(allowances(flow, decision!)),
  };
}

/** A drop that was not looked into: whose rules it was is all that is known. */
export const unexplainedDrop = (outcome: Exclude<Sighting['outcome'], 'seen'>): Drop => ({
  ...{ side: outcome === 'source' ? 'node' : outcome, why: outcome === 'source' ? 'not programmed' : 'policy' },
  ...{ by: [], nearest: 'not looked into: too many were dropped at once' },
});

/** The interface belongs to a pod: what came from it had the address of another. */
const sourceDrop = ({ from }: Question): Drop =>
  from.type === 'pod'
    ? { side: 'node', why: 'spoofing', by: [], nearest: 'the packet had a source address that is not the pod’s' }
    : { side: 'node', why: 'not programmed', by: [], nearest: 'no pod is ready at the source address' };

const partyOf = (end: FlowEnd): Party => (end.type === 'pod' ? { pod: podKey(end) } : { address: end.address });

function decide(evaluator: Evaluator, { from, to, protocol, port }: Question) {
  try {
    return evaluator.evaluate(partyOf(from), partyOf(to), protocol, port);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Labels and names are long if their owner wants: what would not be taken as a whole would hide the drop. */
const cut = (text: string): string => (text.length > textMax ? `${text.slice(0, textMax - 1)}…` : text);

type Direction = 'egress' | 'ingress';

/** Rules are written by the owners of namespaces: a policy of thousands must not hold the node's agent up. */
export const rulesTriedMax = 20;

/** Each isolating policy's rules, one at a time: with any port, then with any peer, would one have let it pass? */
function nearestRule(direction: Direction, { by }: Side, flow: Question, world: World): { nearest?: string } {
  const keys = [flow.from, flow.to].flatMap((end) => (end.type === 'pod' ? [podKey(end)] : []));
  // Two pods decide: judging them alone costs nothing, however large the cluster is.
  const small = { ...world, pods: world.pods.filter((pod) => keys.includes(podKey(pod))), exposures: [] };
  const passes = (policy: NetworkPolicy, rule: object) => {
    const spec = { ...policy.spec, [direction]: [rule] };
    const decision = decide(createEvaluator({ ...small, policies: [{ ...policy, spec }] }), flow);
    return decision?.[direction].allowed === true;
  };
  const isolating = world.policies.filter(({ metadata }) => by.includes(podKey({ namespace: 'default', ...metadata })));
  let nearest: string | undefined;
  let tried = 0;
  for (const policy of isolating)
    for (const [index, rule] of (policy.spec?.[direction] ?? []).entries()) {
      if (++tried > rulesTriedMax) return { nearest: nearest ?? `none of the first ${rulesTriedMax} rules comes near` };
      const name = `${podKey({ namespace: 'default', ...policy.metadata })} ${direction}[${index}]`;
      const { ports, ...anyPort } = rule;
      const peer = direction === 'egress' ? 'destination' : 'source';
      if (passes(policy, anyPort)) return { nearest: `${name} allows this ${peer}, but only ${portsText(ports)}` };
      if (ports !== undefined && passes(policy, { ports })) nearest ??= `${name} allows this port for another ${peer}`;
    }
  return nearest === undefined ? {} : { nearest };
}

type Ports = { protocol?: string; port?: number | string; endPort?: number }[];
const portsText = (ports: Ports = []): string =>
  `on ${ports
    .slice(0, 4)
    .map(({ protocol = 'TCP', port = 'any', endPort }) => `${protocol} ${port}${endPort ? `-${endPort}` : ''}`)
    .join(', ')}${ports.length > 4 ? ', …' : ''}`;

/** Both sides must allow it: what is said is enough, also when only one of them has dropped it yet. */
function allowances(flow: Question, decision: Record<Direction, Side>): string {
  const { from, to, protocol, port } = flow;
  const parts: string[] = [];
  const on = `on ${protocol} ${port}`;
  if (!decision.egress.allowed && from.type === 'pod')
    parts.push(`in ${from.namespace}, a policy for ${labelsText(from)} with egress to ${peerText(to, from)} ${on}`);
  if (!decision.ingress.allowed && to.type === 'pod')
    parts.push(`in ${to.namespace}, a policy for ${labelsText(to)} with ingress from ${peerText(from, to)} ${on}`);
  return parts.join('; and ');
}

/** Labels that controllers add differ from pod to pod and from version to version. */
const passing = /^(pod-template-hash|controller-revision-hash|pod-template-generation|.*\/(pod-name|pod-index|.*uid))$/;

function labelsText({ name, labels }: FlowEnd & { type: 'pod' }): string {
  const texts = Object.entries(labels).filter(([key]) => !passing.test(key));
  return texts.length === 0 ? `the pod ${name}` : `pods ${texts.map(([key, value]) => `${key}=${value}`).join(',')}`;
}

function peerText(peer: FlowEnd, other: FlowEnd & { type: 'pod' }): string {
  if (peer.type !== 'pod') return `${peer.address}/32`;
  return `${labelsText(peer)}${peer.namespace === other.namespace ? '' : ` of namespace ${peer.namespace}`}`;
}
