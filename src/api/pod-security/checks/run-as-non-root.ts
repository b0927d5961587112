import type { Violation } from '../check.ts';
import { containersWhere, hasUserNamespace, named, type PodLike, type PodSecurityCheck, setField } from '../check.ts';

const field = 'spec.securityContext.runAsNonRoot';

function evaluate(pod: PodLike): Violation | undefined {
  const ofPod = pod.spec['securityContext']?.runAsNonRoot;
  const explicit = containersWhere(pod, ({ securityContext }) => securityContext?.runAsNonRoot === false);
  const mendPod = { field, mend: setField(field, true) };
  if (ofPod === false || explicit.length > 0) {
    const who = [...(ofPod === false ? ['pod'] : []), ...(explicit.length > 0 ? [named(explicit)] : [])];
    const offences = explicit.map(({ path }) => {
      const place = `${path}.securityContext.runAsNonRoot`;
      return { field: place, mend: setField(place, true) };
    });
    const detail = `${who.join(' and ')} must not set securityContext.runAsNonRoot=false`;
    return { reason: 'runAsNonRoot != true', detail, offences: [...(ofPod === true ? [] : [mendPod]), ...offences] };
  }
  if (ofPod === true) return undefined;
  const implicit = containersWhere(pod, ({ securityContext }) => (securityContext?.runAsNonRoot ?? null) === null);
  if (implicit.length === 0) return undefined;
  const detail = `pod or ${named(implicit)} must set securityContext.runAsNonRoot=true`;
  return { reason: 'runAsNonRoot != true', detail, offences: [mendPod] };
}

export const runAsNonRoot: PodSecurityCheck = {
  id: 'runAsNonRoot',
  level: 'restricted',
  why: 'root in a container is one kernel flaw away from root on the node',
  versions: [
    { since: 0, evaluate },
    { since: 35, evaluate: (pod) => (hasUserNamespace(pod) ? undefined : evaluate(pod)) },
  ],
};
