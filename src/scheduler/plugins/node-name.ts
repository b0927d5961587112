import type { Plugin } from '../plugin.ts';

const refusals = [{ reason: "node(s) didn't match the requested node name", resolvable: false }];

/** A pod that names its node goes there or nowhere. */
export const nodeName: Plugin<string> = {
  name: 'NodeName',
  wakes: ['node'],
  local: true,
  prepare: ({ pod }) => (pod.spec?.nodeName ? { state: pod.spec.nodeName, nodes: [pod.spec.nodeName] } : undefined),
  filter: (name, _pod, node) => (node.name === name ? undefined : refusals),
};
