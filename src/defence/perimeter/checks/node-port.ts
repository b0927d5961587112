import { type Check, failOn, pass } from '../../contract.ts';
import { exampleService } from '../service-example.ts';

export const nodePort: Check = {
  id: 'exposure/node-port',
  level: 'perimeter',
  severity: 'low',
  title: 'No service opens a port on every node',
  kinds: ['Service'],
  why: 'a NodePort answers on every address of every node, whatever network it belongs to',
  mend: 'put an Ingress or a Gateway in front; keep an exception with its owner where the port is meant',
  benchmark: ['NSA network separation and hardening'],
  examples: { pass: [[exampleService({})]], fail: [[exampleService({ type: 'NodePort' })]] },
  judge({ spec }) {
    if (spec?.type !== 'NodePort') return pass;
    const ports = ((spec.ports ?? []) as Record<string, any>[])
      .map(({ nodePort }) => nodePort ?? 'a free one')
      .join(', ');
    return failOn([{ field: ['spec', 'type'], reason: 'open on every node', detail: `NodePort ${ports}` }]);
  },
};
