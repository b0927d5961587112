import type { Violation } from '../check.ts';
import { containersWhere, isWindows, named, type PodLike, type PodSecurityCheck, setField } from '../check.ts';
import { forbiddenProfiles } from './seccomp-baseline.ts';

function evaluate(pod: PodLike): Violation | undefined {
  const forbidden = forbiddenProfiles(pod);
  if (forbidden !== undefined) return forbidden;
  if (pod.spec['securityContext']?.seccompProfile?.type !== undefined) return undefined;
  const bad = containersWhere(pod, ({ securityContext }) => securityContext?.seccompProfile?.type === undefined);
  if (bad.length === 0) return undefined;
  const field = 'spec.securityContext.seccompProfile';
  const detail = `pod or ${named(bad)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`;
  const offences = [{ field: `${field}.type`, mend: setField(field, { type: 'RuntimeDefault' }) }];
  return { reason: 'seccompProfile', detail, offences };
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
