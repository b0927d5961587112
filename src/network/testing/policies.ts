import fc from '../../../test/property.ts';
import type { NetworkPolicy } from '../../policy/policy.ts';

/** Random policies about the pods of a test node (label `app`: front or db, or none) and one port of theirs. */
export function testPolicies(namespaces: string[], port: number): fc.Arbitrary<NetworkPolicy> {
  const selector = fc.constantFrom({}, { matchLabels: { app: 'front' } }, { matchLabels: { app: 'db' } });
  const peer = fc.oneof(
    fc.record({ podSelector: selector }),
    fc.record({ podSelector: selector, namespaceSelector: fc.constant({}) }),
    fc.record({ namespaceSelector: fc.constant({ matchLabels: { 'rempart.io/isolation': 'off' } }) }),
    fc.record({
      ipBlock: fc.record({
        cidr: fc.constant('10.244.0.0/24'),
        except: fc.subarray(['10.244.0.2/31', '10.244.0.4/32']),
      }),
    }),
  );
  const ports = fc.constantFrom(
    undefined,
    [{ port }],
    [{ protocol: 'UDP', port: port - 80, endPort: port + 1 }],
    [{ protocol: 'UDP' }, { port: port + 1 }],
  );
  const peers = fc.option(fc.array(peer, { maxLength: 2 }), { nil: undefined });
  const ingress = fc.array(fc.record({ from: peers, ports }), { maxLength: 2 });
  const egress = fc.array(fc.record({ to: peers, ports }), { maxLength: 2 });
  const policyTypes = fc.constantFrom(['Ingress'], ['Egress'], ['Ingress', 'Egress']);
  return fc
    .record({ namespace: fc.constantFrom(...namespaces), podSelector: selector, policyTypes, ingress, egress })
    .map(({ namespace, ...spec }) => ({ metadata: { namespace, name: 'random' }, spec }) as unknown as NetworkPolicy);
}
