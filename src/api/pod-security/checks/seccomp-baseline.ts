import type { Violation } from '../check.ts';
import { containersOf, type Offence, type PodLike, type PodSecurityCheck, quoted, setField } from '../check.ts';

const podAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const containerAnnotation = 'container.seccomp.security.alpha.kubernetes.io/';
const annotationAllowed = (value: string | undefined) =>
  value === undefined || value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/');

/** Before there was a field, two annotations said it. */
function evaluateAnnotations(pod: PodLike): Violation | undefined {
  const annotations = pod.metadata?.annotations ?? {};
  const keys = [
    podAnnotation,
    ...containersOf(pod).map(({ container }) => `${containerAnnotation}${container['name']}`),
  ];
  const bad = keys.filter((key) => !annotationAllowed(annotations[key]));
  if (bad.length === 0) return undefined;
  const detail = bad.map((key) => `annotation ${key}="${annotations[key]}"`).join(', ');
  const offences = bad.map((key) => ({
    field: `metadata.annotations[${key}]`,
    mend: (mended: PodLike) => void delete mended.metadata?.annotations?.[key],
  }));
  return { reason: 'seccompProfile', detail: `forbidden ${detail}`, offences };
}

const typeAllowed = (type: unknown) => type === undefined || type === 'RuntimeDefault' || type === 'Localhost';

/** Where a profile is set that confines nothing; undefined when nowhere. */
export function forbiddenProfiles(pod: PodLike): Violation | undefined {
  const places = [{ container: pod.spec, path: 'spec' }, ...containersOf(pod)];
  const bad = places.filter(({ container }) => !typeAllowed(container['securityContext']?.seccompProfile?.type));
  if (bad.length === 0) return undefined;
  const who = bad.map(({ container, path }) => (path === 'spec' ? 'pod' : `container "${container['name']}"`));
  const values = quoted(bad.map(({ container }) => container['securityContext'].seccompProfile.type));
  const offences: Offence[] = bad.map(({ path }) => {
    const field = `${path}.securityContext.seccompProfile`;
    return { field: `${field}.type`, mend: setField(field, { type: 'RuntimeDefault' }) };
  });
  const detail = `${who.join(' and ')} must not set securityContext.seccompProfile.type to ${values}`;
  return { reason: 'seccompProfile', detail, offences };
}

export const seccompBaseline: PodSecurityCheck = {
  id: 'seccompProfile_baseline',
  level: 'baseline',
  why: 'without a seccomp filter every system call of the kernel is there to be attacked',
  versions: [
    { since: 0, evaluate: evaluateAnnotations },
    { since: 19, evaluate: forbiddenProfiles },
  ],
};
