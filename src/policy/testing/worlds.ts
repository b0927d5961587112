import fc from '../../../test/property.ts';
import type { PolicyPod, World } from '../world.ts';
import { labelsOf, type PolicyParts, policiesOf } from './policies.ts';

const namespaceNames = ['a', 'b', 'kube-system'];
const holes = ['10.0.0.0/30', '10.0.0.4/32'];
const parts: PolicyParts = {
  namespaces: namespaceNames,
  labelKeys: ['app', 'tier'],
  labelValues: ['x', 'y'],
  ports: [53, 80, 81, 8080],
  portNames: ['web', 'dns'],
  endPorts: [80, 81, 9000],
  blocks: [
    { cidr: '10.0.0.0/24', holes },
    { cidr: '10.0.0.0/29', holes },
    { cidr: '0.0.0.0/0', holes: [...holes, '203.0.113.8/29'] },
    { cidr: '203.0.113.0/24', holes: ['203.0.113.8/29'] },
  ],
};
const labels = labelsOf(parts);
const policy = policiesOf(parts);
const protocol = fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const);
export const portNumber = fc.constantFrom(...parts.ports);
const portName = fc.constantFrom(...parts.portNames);

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
    foreign: fc.boolean(),
  })
  .map(({ pods, modes, namespaceLabels, policies, exposed, foreign }) => {
    const named = pods.map((pod, index): PolicyPod => {
      const own = nodes.find(({ name }) => name === pod.node)!.addresses[0]!;
      return { ...pod, name: `pod-${index}`, ips: [pod.hostNetwork ? own : `10.0.0.${index + 1}`] };
    });
    return {
      ...{ pods: named, foreign },
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
