import fc from '../../../test/property.ts';
import type { NetworkPolicy } from '../world.ts';

/** What random policies are made of: few values, so that they meet pods and each other often. */
export type PolicyParts = {
  namespaces: string[];
  labelKeys: string[];
  labelValues: string[];
  ports: number[];
  portNames: string[];
  /** Spans from the first port to one of these. */
  endPorts: number[];
  blocks: { cidr: string; holes: string[] }[];
};

export const labelsOf = ({ labelKeys, labelValues }: PolicyParts) =>
  fc.dictionary(fc.constantFrom(...labelKeys), fc.constantFrom(...labelValues), { maxKeys: 2 });

const protocol = fc.constantFrom('TCP' as const, 'UDP' as const, 'SCTP' as const);

/** Random policies with everything that the documentation knows: all forms of selectors, peers, ports and types. */
export function policiesOf(parts: PolicyParts): fc.Arbitrary<NetworkPolicy> {
  const { labelKeys, labelValues, ports, portNames, endPorts, blocks } = parts;
  const key = fc.constantFrom(...labelKeys);
  const selector = fc.oneof(
    fc.constant({}),
    labelsOf(parts).map((matchLabels) => ({ matchLabels })),
    fc
      .record({ key, operator: fc.constantFrom('In', 'NotIn'), values: fc.subarray(labelValues, { minLength: 1 }) })
      .map((expression) => ({ matchExpressions: [expression] })),
    fc
      .record({ key, operator: fc.constantFrom('Exists', 'DoesNotExist') })
      .map((expression) => ({ matchExpressions: [expression] })),
  );
  const ipBlock = fc
    .constantFrom(...blocks)
    .chain(({ cidr, holes }) =>
      fc.record({ cidr: fc.constant(cidr), except: fc.subarray(holes) }, { requiredKeys: ['cidr'] }),
    );
  const peer = fc.oneof(
    fc.record({ podSelector: selector }),
    fc.record({ namespaceSelector: selector }),
    fc.record({ podSelector: selector, namespaceSelector: selector }),
    fc.record({ ipBlock }),
  );
  const policyPort = fc.oneof(
    fc.record({ protocol }),
    fc.record({ protocol, port: fc.constantFrom(...portNames) }, { requiredKeys: ['port'] }),
    fc.record({ protocol, port: fc.constantFrom(...ports) }, { requiredKeys: ['port'] }),
    fc.record({ protocol, port: fc.constant(Math.min(...endPorts)), endPort: fc.constantFrom(...endPorts) }),
  );
  const ruleParts = {
    peers: fc.option(fc.array(peer, { maxLength: 2 }), { nil: undefined }),
    ports: fc.option(fc.array(policyPort, { maxLength: 2 }), { nil: undefined }),
  };
  const ingressRule = fc.record(ruleParts).map(({ peers, ports }) => ({ from: peers, ports }));
  const egressRule = fc.record(ruleParts).map(({ peers, ports }) => ({ to: peers, ports }));
  return fc
    .record({
      namespace: fc.constantFrom(...parts.namespaces),
      podSelector: selector,
      policyTypes: fc.option(fc.subarray(['Ingress', 'Egress'], { minLength: 1 }), { nil: undefined }),
      ingress: fc.option(fc.array(ingressRule, { maxLength: 2 }), { nil: undefined }),
      egress: fc.option(fc.array(egressRule, { maxLength: 2 }), { nil: undefined }),
    })
    .map(({ namespace, ...spec }): NetworkPolicy => ({ metadata: { namespace, name: 'p' }, spec }));
}
