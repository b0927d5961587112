import { type NetworkPolicyPeer, type PolicyPod, podKey, type WellKnown, type World } from '../../../policy/policy.ts';
import type { Manifest } from '../../contract.ts';
import { refOf } from '../../object-ref.ts';
import { lastingLabels, type Place } from '../../observations/places.ts';
import { networkPolicyKind } from '../../snapshot/kinds.ts';
import type { Change } from '../../snapshot/snapshot.ts';
import type { Allowance } from '../impact.ts';
import type { BrokenFlow } from './flows.ts';
import { type AllowScope, holds } from './holds.ts';

/** More allowances than these are not worked out one by one. */
export const allowancesMax = 100;
const nameLengthMax = 63;

/**
 * The rules that let a refused flow pass, on the sides that refuse it: added to the policy that is being changed where
 * that one refuses, else as a policy of their own. Undefined when, evaluated with them, the flow is still refused or
 * another that was seen no longer passes.
 */
export function allowanceFor(
  { placed, decision }: BrokenFlow,
  changes: Change[],
  scope: AllowScope,
): Allowance | undefined {
  const { flow, from, to } = placed;
  const port = { protocol: flow.protocol, port: flow.port };
  const sides: Allowed[] = [];
  if (!decision.egress.allowed)
    sides.push({ direction: 'egress', own: from, far: to, by: decision.egress.by, why: decision.egress.why });
  if (!decision.ingress.allowed)
    sides.push({ direction: 'ingress', own: to, far: from, by: decision.ingress.by, why: decision.ingress.why });
  const policies = new Map<string, Manifest>();
  for (const side of sides) {
    const pod = podNow(side.own, scope);
    if (pod === undefined || side.why === 'node guard') return undefined;
    const rule = {
      [side.direction === 'ingress' ? 'from' : 'to']: [peerOf(side.far, pod.namespace, scope)],
      ports: [port],
    };
    const changed = changedPolicy(side, changes);
    const base = changed ?? newPolicy(side, pod, scope.after.world);
    const known = policies.get(JSON.stringify(refOf(base))) ?? base;
    policies.set(JSON.stringify(refOf(base)), withRule(known, side.direction, rule));
  }
  const puts = [...policies.values()];
  if (puts.length === 0 || !holds({ placed, puts, scope })) return undefined;
  const names = puts.map(({ metadata }) => `NetworkPolicy ${metadata.namespace}/${metadata.name}`);
  const text = `${names.join(' and ')}: allow ${sides.map(({ direction }) => direction).join(' and ')} ${from.text} → ${to.text} ${flow.protocol} ${flow.port}`;
  return { text, changes: puts.map((put) => ({ put })) };
}

type Allowed = { direction: 'ingress' | 'egress'; own: Place; far: Place; by: string[]; why: string };

/** The policy of the change itself, when it is one of those that refuse: its author adds the rule there. */
function changedPolicy({ by }: Allowed, changes: Change[]): Manifest | undefined {
  const put = changes.find(
    (change) =>
      'put' in change &&
      refOf(change.put).kind === networkPolicyKind &&
      by.includes(`${change.put.metadata.namespace}/${change.put.metadata.name}`),
  );
  return put && 'put' in put ? put.put : undefined;
}

/** A policy isolates what it selects: where a mode decided so far, what the mode allows must be said, too. */
function newPolicy({ direction, own, far, why }: Allowed, pod: PolicyPod, world: World): Manifest {
  const type = direction === 'ingress' ? 'Ingress' : 'Egress';
  const policy: Manifest = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: pod.namespace, name: nameFor(direction, own, far) },
    spec: { podSelector: { matchLabels: lastingLabels(pod.labels) }, policyTypes: [type], [direction]: [] },
  };
  if (why !== 'island') return policy;
  const near = direction === 'ingress' ? { from: [{ podSelector: {} }] } : { to: [{ podSelector: {} }] };
  const services = world.wellKnown.map((service) => ({
    to: [servicePeer(service)],
    ports: service.protocols.map((protocol) => ({ protocol, port: service.backend.port })),
  }));
  const exposed = world.exposures
    .filter((exposure) => `${exposure.namespace}/${exposure.pod}` === podKey(pod))
    .map(({ protocol, port }) => ({ ports: [{ protocol, port }] }));
  return [near, ...(direction === 'ingress' ? exposed : services)].reduce<Manifest>(
    (sum, rule) => withRule(sum, direction, rule),
    policy,
  );
}

/** As if the service had pods, so that the rule means the same on any cluster; else where its packets arrive. */
const servicePeer = ({ namespace, labels = {}, backend }: WellKnown): NetworkPolicyPeer =>
  namespace === undefined
    ? { ipBlock: { cidr: `${backend.address}/32` } }
    : { namespaceSelector: named(namespace), podSelector: { matchLabels: labels } };

const named = (namespace: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': namespace } });

function nameFor(direction: string, own: Place, far: Place): string {
  const [inner, outer] = [own, far].map(({ text }) =>
    text
      .split('/')
      .at(-1)!
      .replaceAll(/[^a-z0-9]+/gi, '-'),
  );
  const name = `allow-${inner}-${direction === 'ingress' ? 'from' : 'to'}-${outer}`.toLowerCase();
  return name.slice(0, nameLengthMax).replace(/-+$/, '');
}

function withRule(policy: Manifest, direction: 'ingress' | 'egress', rule: object): Manifest {
  const spec = policy['spec'] ?? {};
  return { ...policy, spec: { ...spec, [direction]: [...(spec[direction] ?? []), rule] } };
}

const podNow = ({ after, pod }: Place, scope: AllowScope): PolicyPod | undefined => {
  if (after === undefined || !('pod' in after)) return undefined;
  return scope.pods.get(after.pod) ?? pod;
};

/** A workload by the labels of its pods and its namespace; what is no pod by its address. */
function peerOf(place: Place, ownNamespace: string, scope: AllowScope): NetworkPolicyPeer {
  const pod = podNow(place, scope);
  if (pod !== undefined && !pod.hostNetwork) {
    const podSelector = { matchLabels: lastingLabels(pod.labels) };
    return pod.namespace === ownNamespace ? { podSelector } : { namespaceSelector: named(pod.namespace), podSelector };
  }
  if (place.service !== undefined) return servicePeer(place.service);
  const address = pod?.ips[0] ?? (place.after as { address: string }).address;
  return { ipBlock: { cidr: `${address}/32` } };
}
