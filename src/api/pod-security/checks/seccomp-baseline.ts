import type { Violation } from '../check.ts';
import {
  containersWhere,
  type Offence,
  type PodLike,
  type PodSecurityCheck,
  placesWhere,
  quoted,
  setField,
  setters,
} from '../check.ts';

const podAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const containerAnnotation = 'container.seccomp.security.alpha.kubernetes.io/';
const annotationAllowed = (value: string | undefined) =>
  value === undefined || value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/');

/** Before there was a field, two annotations said it. */
function evaluateAnnotations(pod: PodLike): Violation | undefined {
  const annotations = pod.metadata?.annotations ?? {};
  const keyOf = ({ name }: Record<string, any>) => `${containerAnnotation}${name}`;
  const places = containersWhere(pod, (container) => !annotationAllowed(annotations[keyOf(container)]));
  const bad = places.map(({ container }) => keyOf(container));
  if (!annotationAllowed(annotations[podAnnotation])) bad.unshift(podAnnotation);
  if (bad.length === 0) return undefined;
  const noun = bad.length === 1 ? 'annotation' : 'annotations';
  const values = bad.map((key) => `${key}="${annotations[key]}"`).sort();
  const offences = bad.map((key) => ({
    field: `metadata.annotations[${key}]`,
    mend: (mended: PodLike) => void delete mended.metadata?.annotations?.[key],
  }));
  return { reason: 'seccompProfile', detail: `forbidden ${noun} ${values.join(', ')}`, offences };
}

/** A profile without a type is none of the two that confine. */
const isUnconfined = ({ securityContext }: Record<string, any>) => {
  const profile = securityContext?.seccompProfile ?? undefined;
  return profile !== undefined && profile.type !== 'RuntimeDefault' && profile.type !== 'Localhost';
};

/** Where a profile is set that confines nothing; undefined when nowhere. */
export function forbiddenProfiles(pod: PodLike): Violation | undefined {
  const bad = placesWhere(pod, isUnconfined);
  if (bad.length === 0) return undefined;
  const who = setters(bad);
  const values = quoted(bad.map(({ container }) => container['securityContext'].seccompProfile.type ?? ''));
  const offences: Offence[] = bad.map(({ path }) => {
    const field = `${path}.securityContext.seccompProfile`;
    return { field: `${field}.type`, mend: setField(field, { type: 'RuntimeDefault' }) };
  });
  const detail = `${who} must not set securityContext.seccompProfile.type to ${values}`;
  return { reason: 'seccompProfile', detail, offences };
}

export const seccompBaseline: PodSecurityCheck = {
  id: 'seccompProfile_baseline',
  level: 'baseline',
  why: 'without a seccomp filter every system call of the kernel is there to be attacked',
  versions: [
    { since: 0, evaluate: evaluateAnnotations },
    { since: 19, tightens: true, evaluate: forbiddenProfiles },
  ],
};
