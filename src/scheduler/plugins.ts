import type { Plugin } from './plugin.ts';
import { balancedResources } from './plugins/balanced-resources.ts';
import { nodeAffinity } from './plugins/node-affinity.ts';
import { nodeName } from './plugins/node-name.ts';
import { nodePorts } from './plugins/node-ports.ts';
import { nodeResources } from './plugins/node-resources.ts';
import { nodeUnschedulable } from './plugins/node-unschedulable.ts';
import { podAffinity } from './plugins/pod-affinity.ts';
import { resourceClaims } from './plugins/resource-claims.ts';
import { taints } from './plugins/taints.ts';
import { topologySpread } from './plugins/topology-spread.ts';
import { volumes } from './plugins/volumes.ts';

/** All rules of scheduling, in the order in which they refuse: the first that does is the reason that is told. */
export const plugins: Plugin[] = [
  resourceClaims,
  nodeUnschedulable,
  nodeName,
  taints,
  nodeAffinity,
  nodePorts,
  nodeResources,
  volumes,
  topologySpread,
  podAffinity,
  balancedResources,
];
