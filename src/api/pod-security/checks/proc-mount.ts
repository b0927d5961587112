import type { Violation } from '../check.ts';
import { containerField, hasUserNamespace, named, type PodLike, type PodSecurityCheck, quoted } from '../check.ts';

const why = 'the masks over /proc hide the kernel’s switches and secrets';
const accepts = (value: unknown) => value === undefined || value === null || value === 'Default';

function evaluate(pod: PodLike): Violation | undefined {
  return containerField(pod, 'procMount', accepts, {
    reason: 'procMount',
    detail: (places) => {
      const values = places.map(({ container }) => container['securityContext'].procMount);
      return `${named(places)} must not set securityContext.procMount to ${quoted(values)}`;
    },
  });
}

export const procMount: PodSecurityCheck = {
  id: 'procMount',
  level: 'baseline',
  why,
  versions: [
    { since: 0, evaluate },
    { since: 35, evaluate: (pod) => (hasUserNamespace(pod) ? undefined : evaluate(pod)) },
  ],
};

/** The restricted level never gained the relaxation for user namespaces. */
export const procMountRestricted: PodSecurityCheck = {
  id: 'procMount_restricted',
  level: 'restricted',
  replaces: 'procMount',
  why,
  versions: [{ since: 35, evaluate }],
};
