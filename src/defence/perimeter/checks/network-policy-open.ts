import { type Check, type Finding, failOn } from '../../contract.ts';
import { examplePolicy } from '../policy-example.ts';
import { matchesAll } from '../selection.ts';

/** An address block of everybody is the same as no peer at all. */
const isEverybody = (peer: Record<string, any>) =>
  /\/0+$/.test(peer['ipBlock']?.cidr ?? '') && (peer['ipBlock'].except ?? []).length === 0;

const isEveryPod = ({ namespaceSelector, podSelector }: Record<string, any>) =>
  namespaceSelector !== undefined && matchesAll(namespaceSelector) && matchesAll(podSelector ?? {});

export const networkPolicyOpen: Check = {
  id: 'network-policy/open',
  level: 'perimeter',
  severity: 'medium',
  title: 'No NetworkPolicy allows everything',
  kinds: ['NetworkPolicy.networking.k8s.io'],
  why: 'policies add up: one that allows everything makes all others for the same pods useless',
  mend: 'name the peers and the ports; for what is public, at least the ports',
  benchmark: ['CIS 5.3.2', 'NSA network separation and hardening'],
  examples: {
    pass: [
      [examplePolicy({ ingress: [] })],
      [examplePolicy({ ingress: [{ ports: [{ port: 80 }] }] })],
      [examplePolicy({ ingress: [{ from: [{ podSelector: {} }] }] })],
    ],
    fail: [
      [examplePolicy({ ingress: [{}] })],
      [examplePolicy({ egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }] })],
      [examplePolicy({ ingress: [{ from: [{ namespaceSelector: {} }] }] })],
    ],
  },
  judge({ spec }) {
    const findings: Finding[] = [];
    const types: string[] = spec?.policyTypes ?? ['Ingress', ...(spec?.egress?.length > 0 ? ['Egress'] : [])];
    for (const [direction, side, peers] of [
      ['Ingress', 'ingress', 'from'],
      ['Egress', 'egress', 'to'],
    ] as const) {
      if (!types.includes(direction)) continue;
      for (const [index, rule] of ((spec?.[side] ?? []) as Record<string, any>[]).entries()) {
        const list: Record<string, any>[] = rule[peers] ?? [];
        if ((rule['ports'] ?? []).length > 0) continue;
        const field = ['spec', side, index];
        if (list.length === 0 || list.some(isEverybody)) {
          const detail = `this rule allows ${side} ${peers} everywhere on every port`;
          findings.push({ field, reason: 'allows everything', detail });
        } else if (list.some(isEveryPod)) {
          const detail = `this rule allows ${side} ${peers} every pod of every namespace on every port`;
          findings.push({ field, reason: 'allows every pod', detail, severity: 'low' });
        }
      }
    }
    return failOn(findings);
  },
};
