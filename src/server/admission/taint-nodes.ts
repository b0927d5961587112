import type { AdmissionPlugin } from '../contracts.ts';
import { concerns } from './about.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

/** A new node takes no pods until the node lifecycle controller has seen it ready. */
export const taintNodes: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  mutate(request) {
    if (!concerns(request, 'CREATE', 'nodes')) return;
    const node = request.object!;
    node['spec'] ??= {};
    const { spec } = node;
    const taints: (typeof notReady)[] = spec.taints ?? [];
    if (!taints.some(({ key, effect }) => key === notReady.key && effect === notReady.effect))
      spec.taints = [...taints, { ...notReady }];
  },
};
