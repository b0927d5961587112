import type { Snapshot } from './snapshot.ts';

const daemonSetKind = 'DaemonSet.apps';

/** Names of what runs a pod network and enforces NetworkPolicies. `anetd` is Cilium as Google runs it. */
const enforcing =
  /(^|-)(calico|cilium|anetd|antrea|weave|kube-router|canal|ovn|ovnkube|kube-ovn|terway|romana|azure-npm)(-|$)/;
/** Flannel alone enforces none. */
const notEnforcing = /flannel/;

/** Which DaemonSet enforces NetworkPolicies, or is a pod network that does not; undefined: its names do not tell. */
export function networkPlugin({ of }: Pick<Snapshot, 'of'>): { name: string; enforces: boolean } | undefined {
  const names = of(daemonSetKind).map(({ metadata }) => metadata.name);
  const known = names.find((name) => enforcing.test(name));
  if (known !== undefined) return { name: known, enforces: true };
  const plain = names.find((name) => notEnforcing.test(name));
  return plain === undefined ? undefined : { name: plain, enforces: false };
}
