import { protectionKind } from '../../protection-mode.ts';
import { changedRef } from '../../snapshot/snapshot.ts';
import { containersIn } from '../../workload.ts';
import { candidatesOf } from '../candidates.ts';
import type { Impact } from '../impact.ts';
import { modeIn } from '../modes.ts';
import type { Previewer, Scope } from '../scope.ts';

/** The runtime's seccomp profile for pods that say nothing: which system calls they make, nobody has seen. */
export const seccomp: Previewer = {
  name: 'seccomp',
  concerns: (change) => changedRef(change).kind === protectionKind && changedRef(change).name === 'seccomp',
  impacts(scope) {
    const [was, will] = [modeIn(scope.before, 'seccomp'), modeIn(scope.after, 'seccomp')];
    const silent = was === will ? [] : unsaid(scope);
    const impacts = silent.map(
      ({ subject }): Impact => ({
        outcome: will === 'off' ? 'opens' : 'unknown',
        subject,
        why:
          will === 'off'
            ? 'its next pod runs without a seccomp profile: every system call is open to it'
            : 'its next pod runs under the RuntimeDefault profile; which system calls it makes is not watched',
        by: ['Protection seccomp'],
      }),
    );
    return { impacts, judged: { template: silent.length } };
  },
};

const unsaid = ({ after }: Scope) =>
  candidatesOf(after, () => true).filter(({ object, pod, pointer }) => {
    if (pointer === '' || pod['spec'].securityContext?.seccompProfile !== undefined) return false;
    return containersIn(object).some(({ container }) => container['securityContext']?.seccompProfile === undefined);
  });
