import type { ContainerPort, PodSpec } from '../schema/types.d.ts';

type Placed = { port: ContainerPort; list: string; index: number; position: number };

/** So many ports of one number are compared with each other, and so much is said at most: both would grow as squares. */
const comparedMost = 20;
const saidMost = 100;

/** What of a pod's ports says one thing twice, or two at once; `at` leads to its spec. */
export function warnOfPorts(spec: PodSpec, at: string, warnings: string[]): void {
  const all = portsOf(spec);
  if (all.length < 2) return;
  const show = ({ list, index, position }: Placed) => `${at}.${list}[${index}].ports[${position}]`;
  const seen = new Map<string, Placed[]>();
  for (const one of all) {
    const key = `${one.port.containerPort}/${one.port.protocol}`;
    const others = seen.get(key);
    if (others === undefined) seen.set(key, [one]);
    else if (others.length < comparedMost && warnings.length < saidMost) {
      for (const other of others) {
        const how = overlap(one.port, other.port);
        if (how !== undefined) warnings.push(`${show(one)}: ${how} port definition with ${show(other)}`);
      }
      others.push(one);
    }
  }
  const names = new Map<string, Placed>();
  for (const one of all) {
    const { name } = one.port;
    if (!name) continue;
    const first = names.get(name);
    if (first === undefined) names.set(name, one);
    else if (warnings.length < saidMost) warnings.push(`${show(one)}: ${sameName(name, show(first))}`);
  }
}

function portsOf(spec: PodSpec): Placed[] {
  const all: Placed[] = [];
  for (const list of ['initContainers', 'containers'] as const)
    spec[list]?.forEach(({ ports }, index) => {
      ports?.forEach((port, position) => {
        all.push({ port, list, index, position });
      });
    });
  return all;
}

const sameName = (name: string, first: string): string =>
  `duplicate port name "${name}" with ${first}, services and probes that select ports by name will use ${first}`;

function overlap(one: ContainerPort, other: ContainerPort): string | undefined {
  const [hostPort, otherPort] = [one.hostPort ?? 0, other.hostPort ?? 0];
  const [hostIP, otherIP] = [one.hostIP ?? '', other.hostIP ?? ''];
  if (hostPort === otherPort && hostIP === otherIP) return 'duplicate';
  if (hostPort === 0 || otherPort === 0) return 'overlapping';
  return hostPort === otherPort && (hostIP === '') !== (otherIP === '') ? 'dangerously ambiguous' : undefined;
}
