import type { Violation } from '../check.ts';
import {
  type ContainerPlace,
  containersOf,
  named,
  type PodLike,
  type PodSecurityCheck,
  quoted,
  setField,
} from '../check.ts';

/** What container runtimes give by default. */
const defaults = new Set([
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP'],
  ...['SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
]);

export const addedBeyond = ({ container }: ContainerPlace, allowed: Set<string>): string[] =>
  ((container['securityContext']?.capabilities?.add ?? []) as string[]).filter((name) => !allowed.has(name));

function evaluate(pod: PodLike): Violation | undefined {
  const bad = containersOf(pod).filter((place) => addedBeyond(place, defaults).length > 0);
  if (bad.length === 0) return undefined;
  const extra = quoted(bad.flatMap((place) => addedBeyond(place, defaults)));
  const offences = bad.map((place) => {
    const field = `${place.path}.securityContext.capabilities.add`;
    const kept = (place.container['securityContext'].capabilities.add as string[]).filter((name) => defaults.has(name));
    return { field, mend: setField(field, kept) };
  });
  const detail = `${named(bad)} must not include ${extra} in securityContext.capabilities.add`;
  return { reason: 'non-default capabilities', detail, offences };
}

export const capabilitiesBaseline: PodSecurityCheck = {
  id: 'capabilities_baseline',
  level: 'baseline',
  why: 'capabilities such as SYS_ADMIN are root on the node in parts',
  versions: [{ since: 0, evaluate }],
};
