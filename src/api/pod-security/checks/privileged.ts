import { containerField, named, type PodSecurityCheck } from '../check.ts';

/** Privileged containers switch off nearly every isolation. */
export const privileged: PodSecurityCheck = {
  id: 'privileged',
  level: 'baseline',
  why: 'a privileged container is root on the node',
  versions: [
    {
      since: 0,
      evaluate: (pod) =>
        containerField(pod, 'privileged', (value) => value !== true, {
          reason: 'privileged',
          detail: (places) => `${named(places)} must not set securityContext.privileged=true`,
          safe: false,
        }),
    },
  ],
};
