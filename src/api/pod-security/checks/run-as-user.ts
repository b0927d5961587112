import type { Violation } from '../check.ts';
import { hasUserNamespace, type PodLike, type PodSecurityCheck, placesWhere, removeField, setters } from '../check.ts';

function evaluate(pod: PodLike): Violation | undefined {
  const bad = placesWhere(pod, ({ securityContext }) => securityContext?.runAsUser === 0);
  if (bad.length === 0) return undefined;
  const who = setters(bad);
  const offences = bad.map(({ path }) => {
    const field = `${path}.securityContext.runAsUser`;
    return { field, mend: removeField(field) };
  });
  return { reason: 'runAsUser=0', detail: `${who} must not set runAsUser=0`, offences };
}

export const runAsUser: PodSecurityCheck = {
  id: 'runAsUser',
  level: 'restricted',
  why: 'root in a container is one kernel flaw away from root on the node',
  versions: [
    { since: 23, evaluate },
    { since: 35, evaluate: (pod) => (hasUserNamespace(pod) ? undefined : evaluate(pod)) },
  ],
};
