import { isOver } from '../../../policy/policy.ts';
import type { Manifest } from '../../contract.ts';
import { refOf, refText } from '../../object-ref.ts';
import { unseenText } from '../../observations/watched.ts';
import { ownersOf } from '../../snapshot/owners.ts';
import { changedRef } from '../../snapshot/snapshot.ts';
import { podOf } from '../../workload.ts';
import type { Impact } from '../impact.ts';
import type { Judged, Previewer, Scope } from '../scope.ts';

/** Workloads that come, change or go: whether pods are let in and reached is judged elsewhere, what they do is not. */
export const workload: Previewer = {
  name: 'workloads',
  concerns(change, before) {
    const object = 'put' in change ? change.put : before.get(change.remove);
    return object !== undefined && (object.kind === 'Namespace' || podOf(object) !== undefined);
  },
  impacts: judgeWorkloads,
};

function judgeWorkloads({ changes, before, after, observations }: Scope): Judged {
  const changed = changes.filter((change) => {
    if (!('put' in change)) return false;
    const [old, now] = [before.get(changedRef(change)), change.put].map((object) => object && podOf(object)?.pod);
    return now !== undefined && JSON.stringify(old) !== JSON.stringify(now);
  });
  const owners = ownersOf(before);
  // Nobody makes a pod again that no controller made.
  const bare = before.of('Pod').filter((pod) => !isOver(pod) && owners.topOf(pod) === pod);
  const impacts = [...owners.controllers, ...bare].flatMap((object): Impact[] => {
    const how = howStopped(object, after.get(refOf(object)));
    if (how === undefined) return [];
    const why = `${how}; connections to it that are not named here: ${unseenText(observations.windows.flows)}`;
    const type = object.kind === 'Pod' ? 'object' : 'template';
    return [{ outcome: 'unknown', subject: { type, ref: refOf(object) }, why, by: [] }];
  });
  const count = (type: string) => impacts.filter(({ subject }) => subject.type === type).length;
  return {
    impacts,
    judged: { template: count('template'), object: count('object') },
    notAssessed: changed.map(
      (change) => `${refText(changedRef(change))}: whether its containers work as they are now written`,
    ),
  };
}

/** Why it runs no more; undefined: it does, or did not before. */
function howStopped({ spec }: Manifest, now: Manifest | undefined): string | undefined {
  if (now === undefined) return 'it is removed';
  if (now['spec']?.replicas === 0 && spec?.replicas !== 0) return 'it is scaled to zero';
  return now['spec']?.suspend === true && spec?.suspend !== true ? 'it is suspended' : undefined;
}
