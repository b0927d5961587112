import type { Violation } from '../check.ts';
import { containersOf, hasUserNamespace, type PodLike, type PodSecurityCheck, removeField } from '../check.ts';

function evaluate(pod: PodLike): Violation | undefined {
  const places = [{ container: pod.spec, path: 'spec' }, ...containersOf(pod)];
  const bad = places.filter(({ container }) => container['securityContext']?.runAsUser === 0);
  if (bad.length === 0) return undefined;
  const who = bad.map(({ container, path }) => (path === 'spec' ? 'pod' : `container "${container['name']}"`));
  const offences = bad.map(({ path }) => {
    const field = `${path}.securityContext.runAsUser`;
    return { field, mend: removeField(field) };
  });
  return { reason: 'runAsUser=0', detail: `${who.join(' and ')} must not set runAsUser=0`, offences };
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
