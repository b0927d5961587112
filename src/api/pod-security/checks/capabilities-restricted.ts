import type { ContainerPlace, Violation } from '../check.ts';
import { containersOf, isWindows, named, type PodLike, type PodSecurityCheck, quoted, setField } from '../check.ts';
import { addedBeyond } from './capabilities-baseline.ts';

const allowed = new Set(['NET_BIND_SERVICE']);

function dropsAll({ container }: ContainerPlace): boolean {
  return (container['securityContext']?.capabilities?.drop ?? []).includes('ALL');
}

function evaluate(pod: PodLike): Violation | undefined {
  const places = containersOf(pod);
  const keeping = places.filter((place) => !dropsAll(place));
  const adding = places.filter((place) => addedBeyond(place, allowed).length > 0);
  if (keeping.length + adding.length === 0) return undefined;
  const details: string[] = [];
  if (keeping.length > 0) details.push(`${named(keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length > 0) {
    const extra = quoted(adding.flatMap((place) => addedBeyond(place, allowed)));
    details.push(`${named(adding)} must not include ${extra} in securityContext.capabilities.add`);
  }
  const dropOffences = keeping.map(({ path }) => {
    const field = `${path}.securityContext.capabilities.drop`;
    return { field, mend: setField(field, ['ALL']) };
  });
  const addOffences = adding.map(({ container, path }) => {
    const field = `${path}.securityContext.capabilities.add`;
    const kept = (container['securityContext'].capabilities.add as string[]).filter((name) => allowed.has(name));
    return { field, mend: setField(field, kept) };
  });
  const offences = [...dropOffences, ...addOffences];
  return { reason: 'unrestricted capabilities', detail: details.join('; '), offences };
}

export const capabilitiesRestricted: PodSecurityCheck = {
  id: 'capabilities_restricted',
  level: 'restricted',
  replaces: 'capabilities_baseline',
  why: 'a process without capabilities cannot use most kernel flaws that need one',
  versions: [
    { since: 22, evaluate },
    { since: 25, evaluate: (pod) => (isWindows(pod) ? undefined : evaluate(pod)) },
  ],
};
