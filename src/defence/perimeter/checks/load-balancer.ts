import { type Check, failOn, pass } from '../../contract.ts';
import { exampleService } from '../service-example.ts';

export const loadBalancer: Check = {
  id: 'exposure/load-balancer',
  level: 'perimeter',
  severity: 'medium',
  title: 'A LoadBalancer names who may come',
  kinds: ['Service'],
  why: 'a LoadBalancer without loadBalancerSourceRanges is open to every network that reaches its address',
  mend: 'list the client networks in spec.loadBalancerSourceRanges, or make it internal',
  benchmark: ['NSA network separation and hardening'],
  examples: {
    pass: [
      [exampleService({ type: 'ClusterIP' })],
      [exampleService({ type: 'LoadBalancer', loadBalancerSourceRanges: ['192.0.2.0/24'] })],
    ],
    fail: [
      [exampleService({ type: 'LoadBalancer' })],
      [exampleService({ type: 'LoadBalancer', loadBalancerSourceRanges: ['0.0.0.0/0'] })],
    ],
  },
  judge({ spec }) {
    if (spec?.type !== 'LoadBalancer') return pass;
    const ranges: string[] = spec.loadBalancerSourceRanges ?? [];
    const open = ranges.find((range) => /\/0+$/.test(range));
    if (ranges.length > 0 && open === undefined) return pass;
    const detail = open ? `${open} is everybody` : 'no loadBalancerSourceRanges: everybody may connect';
    return failOn([
      { field: ['spec', open ? 'loadBalancerSourceRanges' : 'type'], reason: 'open to everybody', detail },
    ]);
  },
};
