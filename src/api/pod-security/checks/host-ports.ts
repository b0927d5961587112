import { containersOf, named, type PodSecurityCheck, removeField } from '../check.ts';

export const hostPorts: PodSecurityCheck = {
  id: 'hostPorts',
  level: 'baseline',
  why: "a host port is open to whoever reaches the node, and can stand in for the node's own services",
  versions: [
    {
      since: 0,
      evaluate(pod) {
        const ports = containersOf(pod).flatMap((place) =>
          ((place.container['ports'] ?? []) as any[]).map((port, index) => ({ place, port, index })),
        );
        const bad = ports.filter(({ port }) => (port.hostPort ?? 0) !== 0);
        if (bad.length === 0) return undefined;
        const places = [...new Set(bad.map(({ place }) => place))];
        const numbers = [...new Set(bad.map(({ port }) => port.hostPort))];
        const detail = `${named(places)} ${places.length === 1 ? 'uses' : 'use'} hostPort${numbers.length === 1 ? '' : 's'} ${numbers.join(', ')}`;
        const offences = bad.map(({ place, index }) => {
          const field = `${place.path}.ports[${index}].hostPort`;
          return { field, mend: removeField(field) };
        });
        return { reason: 'hostPort', detail, offences };
      },
    },
  ],
};
