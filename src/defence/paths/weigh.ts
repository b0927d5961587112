import type { Flow, Observations } from '../../api/observations/observation.ts';
import { serviceAccountName } from '../../api/rbac/identity.ts';
import type { Weigh } from './cut.ts';
import type { Lever } from './graph.ts';

/** What a lever takes from those who use it, as far as it was watched. */
export type Breakage = { weight: number; text: string };

/** What each kind of change costs though nobody uses it: somebody has to make it and to explain it. */
const effort: Record<Lever['type'], number> = {
  binding: 2,
  token: 3,
  rule: 3,
  policy: 2,
  pod: 3,
  // What every node needs: a network plugin, kube-proxy. Without it the cluster may stand still.
  part: 12,
  namespace: 2,
  exposure: 6,
};
const perUse = 4;
const usesMax = 20;

/** Weighs levers by effort and by what was seen to use what they take away. */
export function createWeigh(observations: Observations): (lever: Lever) => Breakage {
  const calls = Map.groupBy(
    observations.calls.filter(({ allowed }) => allowed),
    ({ user }) => user,
  );
  const flows = Map.groupBy(
    observations.flows.filter(({ allowed }) => allowed),
    serverOf,
  );
  return ({ type, about }) => {
    const used = (count: number, [noun, rest]: [string, string], watched: boolean): Breakage => ({
      weight: effort[type] + perUse * Math.min(count, usesMax),
      text: !watched
        ? 'what uses it was not watched'
        : count === 1
          ? `1 ${noun} ${rest} was seen`
          : `${count === 0 ? 'no' : count} ${noun}s ${rest} were seen`,
    });
    const { windows } = observations;
    if (type === 'binding' || type === 'token') {
      if (about.startsWith('group:')) return { weight: effort[type], text: 'who is in the group is not known' };
      return used(calls.get(userOf(about))?.length ?? 0, ['kind', 'of calls by it'], windows.calls.length > 0);
    }
    const into = flows.get(about.replace(/^workload:/, '')) ?? [];
    const watched = windows.flows.length > 0;
    if (type === 'policy') return used(into.length, ['flow', 'to it'], watched);
    if (type === 'exposure')
      return used(into.filter(({ from }) => from.type === 'address').length, ['client', 'outside'], watched);
    const text =
      type === 'pod' || type === 'part'
        ? 'whether the program needs it shows when it is tried'
        : 'what else it allows shows in the preview';
    return { weight: effort[type], text };
  };
}

export const asWeigh =
  (breakage: (lever: Lever) => Breakage): Weigh =>
  (lever) =>
    breakage(lever).weight;

/** The user name of a subject that a lever is about: `sa:shop/api`, `user:anna`. */
export function userOf(about: string): string {
  const account = /^sa:([^/]+)\/(.+)$/.exec(about);
  return account ? serviceAccountName(account[1]!, account[2]!) : about.replace(/^user:/, '');
}

/** `Deployment.apps/shop/web`, as levers name workloads. */
function serverOf({ to }: Flow): string {
  if (to.type !== 'pod') return '';
  const [kind = '', name = ''] = to.workload?.split('/') ?? ['Pod', to.name];
  const group = /^(Deployment|StatefulSet|DaemonSet|ReplicaSet)$/.test(kind)
    ? '.apps'
    : /Job$/.test(kind)
      ? '.batch'
      : '';
  return `${kind}${group}/${to.namespace}/${name}`;
}
