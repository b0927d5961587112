import fc from 'fast-check';
import type { NetworkPolicy, PolicyPod, World } from '../world.ts';

const namespaceNames = ['a', 'b', 'kube-system'];
const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('x', 'y'), { maxKeys: 2 });
const protocol = fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const);

/** Few values, so that random policies, pods and ports meet often. */
export const portNumber = fc.constantFrom(53, 80, 81, 8080);
const portName = fc.constantFrom('web', 'dns');

const selector = fc.oneof(
  fc.constant({}),
  labels.map((matchLabels) => ({ matchLabels })),
  fc
    .record({
      key: fc.constantFrom('app', 'tier'),
      operator: fc.constantFrom('In', 'NotIn'),
      values: fc.subarray(['x', 'y'], { minLength: 1 }),
    })
    .map((expression) => ({ matchExpressions: [expression] })),
  fc
    .record({ key: fc.constantFrom('app', 'tier'), operator: fc.constantFrom('Exists', 'DoesNotExist') })
    .map((expression) => ({ matchExpressions: [expression] })),
);

const ipBlock = fc.record(
  {
    cidr: fc.constantFrom('10.0.0.0/24', '10.0.0.0/29', '0.0.0.0/0', '203.0.113.0/24'),
    except: fc.subarray(['10.0.0.0/30', '10.0.0.4/32', '203.0.113.8/29']),
  },
  { requiredKeys: ['cidr'] },
);
const peer = fc.oneof(
  fc.record({ podSelector: selector }),
  fc.record({ namespaceSelector: selector }),
  fc.record({ podSelector: selector, namespaceSelector: selector }),
  fc.record({ ipBlock }),
);
const policyPort = fc.oneof(
  fc.record({ protocol }),
  fc.record({ protocol, port: portName }, { requiredKeys: ['port'] }),
  fc.record({ protocol, port: portNumber }, { requiredKeys: ['port'] }),
  fc.record({ protocol, port: fc.constant(80), endPort: fc.constantFrom(80, 81, 9000) }),
);
const ruleParts = {
  peers: fc.option(fc.array(peer, { maxLength: 2 }), { nil: undefined }),
  ports: fc.option(fc.array(policyPort, { maxLength: 2 }), { nil: undefined }),
};
const ingressRule = fc.record(ruleParts).map(({ peers, ports }) => ({ from: peers, ports }));
const egressRule = fc.record(ruleParts).map(({ peers, ports }) => ({ to: peers, ports }));

const policy = fc
  .record({
    namespace: fc.constantFrom(...namespaceNames),
    podSelector: selector,
    policyTypes: fc.option(fc.subarray(['Ingress', 'Egress'], { minLength: 1 }), { nil: undefined }),
    ingress: fc.option(fc.array(ingressRule, { maxLength: 2 }), { nil: undefined }),
    egress: fc.option(fc.array(egressRule, { maxLength: 2 }), { nil: undefined }),
  })
  .map(({ namespace, ...spec }): NetworkPolicy => ({ metadata: { namespace, name: 'p' }, spec }));

const podPort = fc.record({ name: fc.option(portName, { nil: undefined }), protocol, port: portNumber });
const pod = fc.record({
  namespace: fc.constantFrom(...namespaceNames),
  labels,
  node: fc.constantFrom('n1', 'n2'),
  hostNetwork: fc.nat(4).map((value) => value === 0),
  ports: fc.array(podPort, { maxLength: 3 }),
});

const nodes = [
  { name: 'n1', addresses: ['192.0.2.1', '10.0.0.254'] },
  { name: 'n2', addresses: ['192.0.2.2'] },
];
/** Ends that are no pods: the outside, and nodes by their addresses. */
export const plainAddresses = ['203.0.113.9', '203.0.113.200', '192.0.2.1', '192.0.2.2', '10.0.0.254'];

/** Small worlds without well-known services. */
export const worlds: fc.Arbitrary<World> = fc
  .record({
    pods: fc.array(pod, { minLength: 2, maxLength: 7 }),
    modes: fc.array(fc.constantFrom('off', 'island', 'deny', undefined), { minLength: 3, maxLength: 3 }),
    namespaceLabels: fc.array(labels, { minLength: 3, maxLength: 3 }),
    policies: fc.array(policy, { maxLength: 4 }),
    exposed: fc.array(fc.record({ index: fc.nat(6), protocol, port: portNumber }), { maxLength: 2 }),
  })
  .map(({ pods, modes, namespaceLabels, policies, exposed }) => {
    const named = pods.map((pod, index): PolicyPod => {
      const own = nodes.find(({ name }) => name === pod.node)!.addresses[0]!;
      return { ...pod, name: `pod-${index}`, ips: [pod.hostNetwork ? own : `10.0.0.${index + 1}`] };
    });
    return {
      pods: named,
      nodes,
      namespaces: namespaceNames.map((name, index) => ({
        name,
        labels: { ...namespaceLabels[index], ...(modes[index] && { 'rempart.io/isolation': modes[index]! }) },
      })),
      policies,
      exposures: exposed.flatMap(({ index, ...rest }) =>
        named[index] === undefined ? [] : [{ namespace: named[index].namespace, pod: named[index].name, ...rest }],
      ),
      wellKnown: [],
    };
  });
