import { containerField, isWindows, named, type PodLike, type PodSecurityCheck } from '../check.ts';

const evaluate = (pod: PodLike) =>
  containerField(pod, 'allowPrivilegeEscalation', (value) => value === false, {
    reason: 'allowPrivilegeEscalation != false',
    detail: (places) => `${named(places)} must set securityContext.allowPrivilegeEscalation=false`,
    safe: false,
  });

export const allowPrivilegeEscalation: PodSecurityCheck = {
  id: 'allowPrivilegeEscalation',
  level: 'restricted',
  why: 'a setuid program in the image turns any user into root',
  versions: [
    { since: 8, evaluate },
    { since: 25, evaluate: (pod) => (isWindows(pod) ? undefined : evaluate(pod)) },
  ],
};
