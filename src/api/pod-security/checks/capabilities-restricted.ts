import type { Offence, Violation } from '../check.ts';
import { containersWhere, isWindows, named, type PodLike, type PodSecurityCheck, setField } from '../check.ts';
import { addedBeyond, containersAdding } from './capabilities-baseline.ts';

const allowed = new Set(['NET_BIND_SERVICE']);

const dropsAll = ({ securityContext }: Record<string, any>): boolean =>
  securityContext?.capabilities?.drop?.includes('ALL') ?? false;

function evaluate(pod: PodLike): Violation | undefined {
  const keeping = containersWhere(pod, (container) => !dropsAll(container));
  const adding = containersAdding(pod, allowed);
  if (keeping.length + adding.length === 0) return undefined;
  const details: string[] = [];
  const offences: Offence[] = keeping.map(({ path }) => {
    const field = `${path}.securityContext.capabilities.drop`;
    return { field, mend: setField(field, ['ALL']) };
  });
  if (keeping.length > 0) details.push(`${named(keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length > 0) {
    const added = addedBeyond(adding, allowed);
    details.push(added.detail);
    offences.push(...added.offences);
  }
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
