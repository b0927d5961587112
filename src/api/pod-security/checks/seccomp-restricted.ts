import type { Violation } from '../check.ts';
import { containersWhere, isWindows, named, type PodLike, type PodSecurityCheck, setField } from '../check.ts';
import { forbiddenProfiles } from './seccomp-baseline.ts';

const field = 'spec.securityContext.seccompProfile';

function evaluate(pod: PodLike): Violation | undefined {
  const unset = (container: Record<string, any>) => container['securityContext']?.seccompProfile?.type === undefined;
  const bad = unset(pod.spec) ? containersWhere(pod, unset) : [];
  const missing =
    bad.length === 0 ? [] : [{ field: `${field}.type`, mend: setField(field, { type: 'RuntimeDefault' }) }];
  const forbidden = forbiddenProfiles(pod);
  // Kubernetes tells of what is missing only when nothing is forbidden; both have to be mended.
  if (forbidden !== undefined) return { ...forbidden, offences: [...forbidden.offences, ...missing] };
  if (bad.length === 0) return undefined;
  const detail = `pod or ${named(bad)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`;
  return { reason: 'seccompProfile', detail, offences: missing };
}

export const seccompRestricted: PodSecurityCheck = {
  id: 'seccompProfile_restricted',
  level: 'restricted',
  replaces: 'seccompProfile_baseline',
  why: 'without a seccomp filter every system call of the kernel is there to be attacked',
  versions: [
    { since: 19, evaluate },
    { since: 25, evaluate: (pod) => (isWindows(pod) ? undefined : evaluate(pod)) },
  ],
};
