import { isMirrorPod } from '../../api/pods/mirror-pod.ts';
import type { AdmissionPlugin, ModeOf } from '../contracts.ts';
import { createdPod } from './about.ts';

/**
 * Gives pods that say nothing about seccomp the runtime's default profile. In the object, not only on the node: so the
 * restricted standard, which wants it said, is reached by pods that say nothing, and everybody sees what applies.
 * Linux only; privileged pods run unconfined whatever is said.
 */
export const secureDefaults = (modeOf: ModeOf): AdmissionPlugin => ({
  name: 'SecureDefaults',
  mutate(request) {
    const pod = createdPod(request);
    if (pod === undefined || isMirrorPod(pod) || pod['spec'].os?.name === 'windows') return;
    if (modeOf('seccomp', request.lookup) === 'off') return;
    pod['spec'].securityContext ??= {};
    pod['spec'].securityContext.seccompProfile ??= { type: 'RuntimeDefault' };
  },
});
