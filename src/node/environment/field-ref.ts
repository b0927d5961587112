import type { Pod } from '../../api/schema/types.d.ts';
import { parseQuantity, quantityMilli, quantityValue } from '../../foundation/quantity.ts';
import { ConfigError } from '../security.ts';

/** What the node adds to a pod for the downward API. */
export type NodeFacts = {
  nodeName: string;
  hostIP: string;
  podIPs: string[];
  /** What a container without a limit may use: thousandths of a core and bytes. */
  allocatable: { cpuMilli: number; memoryBytes: number; ephemeralBytes: number };
};

/** The value of `fieldRef.fieldPath`. Throws ConfigError for a path that the downward API does not offer. */
export function fieldValue(pod: Pod, fieldPath: string, facts: NodeFacts): string {
  const { metadata = { name: '' }, spec } = pod;
  const key = /^metadata\.(labels|annotations)\['(.{1,320})'\]$/.exec(fieldPath);
  if (key) return metadata[key[1] as 'labels' | 'annotations']?.[key[2]!] ?? '';
  switch (fieldPath) {
    case 'metadata.name':
      return metadata.name ?? '';
    case 'metadata.namespace':
      return metadata.namespace ?? '';
    case 'metadata.uid':
      return metadata.uid ?? '';
    case 'metadata.labels':
      return lines(metadata.labels);
    case 'metadata.annotations':
      return lines(metadata.annotations);
    case 'spec.nodeName':
      return facts.nodeName;
    case 'spec.serviceAccountName':
      return spec?.serviceAccountName ?? 'default';
    case 'status.hostIP':
    case 'status.hostIPs':
      return facts.hostIP;
    case 'status.podIP':
      return facts.podIPs[0] ?? '';
    case 'status.podIPs':
      return facts.podIPs.join(',');
  }
  throw new ConfigError(`fieldPath ${JSON.stringify(fieldPath)} is not supported`);
}

/** `key="value"` per line, sorted, as the downward API volume shows maps. */
const lines = (map: Record<string, string> = {}) =>
  Object.keys(map)
    .sort()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');

export type ResourceSelector = { containerName?: string; resource: string; divisor?: string | number };

/** The value of `resourceFieldRef`, in units of its divisor, rounded up. A limit not set is what the node can give. */
export function resourceValue(pod: Pod, containerName: string, selector: ResourceSelector, facts: NodeFacts): string {
  const name = selector.containerName ?? containerName;
  const all = [...(pod.spec!.initContainers ?? []), ...pod.spec!.containers];
  const container = all.find((container) => container.name === name);
  if (container === undefined) throw new ConfigError(`resourceFieldRef: container ${JSON.stringify(name)} not found`);
  const [kind, resource] = splitResource(selector.resource);
  const list = container.resources?.[kind] as Record<string, string> | undefined;
  const stated = list?.[resource];
  const divisor = parseQuantity(selector.divisor) || 1;
  const { cpuMilli, memoryBytes, ephemeralBytes } = facts.allocatable;
  const fallback =
    kind === 'requests' ? 0 : { cpu: cpuMilli, memory: memoryBytes, 'ephemeral-storage': ephemeralBytes };
  const whole = typeof fallback === 'number' ? fallback : (fallback[resource as 'cpu'] ?? 0);
  if (resource === 'cpu') {
    const milli = stated === undefined ? whole : quantityMilli(stated);
    return String(Math.ceil(milli / Math.round(divisor * 1000)));
  }
  return String(Math.ceil((stated === undefined ? whole : quantityValue(stated)) / divisor));
}

function splitResource(text: string): ['limits' | 'requests', string] {
  const dot = text.indexOf('.');
  const kind = text.slice(0, dot);
  if (kind !== 'limits' && kind !== 'requests')
    throw new ConfigError(`resource ${JSON.stringify(text)} is not supported`);
  return [kind, text.slice(dot + 1)];
}
