import type { Violation } from '../check.ts';
import {
  type ContainerPlace,
  containersWhere,
  named,
  type Offence,
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

const none: string[] = [];
const addedBy = ({ securityContext }: Record<string, any>): string[] => securityContext?.capabilities?.add ?? none;

/** The containers that add a capability beyond those that are allowed. */
export const containersAdding = (pod: PodLike, allowed: Set<string>): readonly ContainerPlace[] =>
  containersWhere(pod, (container) => addedBy(container).some((name) => !allowed.has(name)));

/** What is said of such containers, of which there is one at least. */
export function addedBeyond(
  adding: readonly ContainerPlace[],
  allowed: Set<string>,
): { detail: string; offences: Offence[] } {
  const added = adding.flatMap(({ container }) => addedBy(container));
  const extra = quoted(added.filter((name) => !allowed.has(name)));
  const offences = adding.map(({ container, path }) => {
    const field = `${path}.securityContext.capabilities.add`;
    const kept = addedBy(container).filter((name) => allowed.has(name));
    return { field, mend: setField(field, kept) };
  });
  return { detail: `${named(adding)} must not include ${extra} in securityContext.capabilities.add`, offences };
}

function evaluate(pod: PodLike): Violation | undefined {
  const adding = containersAdding(pod, defaults);
  if (adding.length === 0) return undefined;
  return { reason: 'non-default capabilities', ...addedBeyond(adding, defaults) };
}

export const capabilitiesBaseline: PodSecurityCheck = {
  id: 'capabilities_baseline',
  level: 'baseline',
  why: 'capabilities such as SYS_ADMIN are root on the node in parts',
  versions: [{ since: 0, evaluate }],
};
