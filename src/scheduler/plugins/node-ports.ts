import { type Plugin, stateless } from '../plugin.ts';
import type { HostPort } from '../pod-info.ts';

const wildcard = '0.0.0.0';
const collide = (one: HostPort, other: HostPort) =>
  one.port === other.port &&
  one.protocol === other.protocol &&
  (one.ip === other.ip || one.ip === wildcard || other.ip === wildcard);

const refusals = [{ reason: "node(s) didn't have free ports for the requested pod ports", resolvable: true }];

/** A host port is taken once per node, protocol and address. */
export const nodePorts: Plugin<undefined> = {
  name: 'NodePorts',
  wakes: ['node', 'pod-gone'],
  local: true,
  prepare: ({ ports }) => (ports.length > 0 ? stateless : undefined),
  filter: (_state, pod, node) =>
    pod.ports.some((port) => node.ports.some((taken) => collide(port, taken))) ? refusals : undefined,
};
