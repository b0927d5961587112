import { containersWhere, named, type PodSecurityCheck, removeField } from '../check.ts';

type Port = { hostPort?: number };
const isOfHost = ({ hostPort }: Port) => (hostPort ?? 0) !== 0;

export const hostPorts: PodSecurityCheck = {
  id: 'hostPorts',
  level: 'baseline',
  why: "a host port is open to whoever reaches the node, and can stand in for the node's own services",
  versions: [
    {
      since: 0,
      evaluate(pod) {
        const places = containersWhere(pod, ({ ports }) => ports?.some(isOfHost) ?? false);
        if (places.length === 0) return undefined;
        const bad = places.flatMap(({ container, path }) =>
          (container['ports'] as Port[]).flatMap((port, index) =>
            isOfHost(port) ? [{ field: `${path}.ports[${index}].hostPort`, number: port.hostPort }] : [],
          ),
        );
        const numbers = [...new Set(bad.map(({ number }) => number))];
        const detail = `${named(places)} ${places.length === 1 ? 'uses' : 'use'} hostPort${numbers.length === 1 ? '' : 's'} ${numbers.join(', ')}`;
        const offences = bad.map(({ field }) => ({ field, mend: removeField(field) }));
        return { reason: 'hostPort', detail, offences };
      },
    },
  ],
};
