import type { PodInfo } from './pod-info.ts';

const none: readonly PodInfo[] = [];

/** Pods that are promised a node while their victims leave it. */
export function createNominations() {
  const byPod = new Map<string, { pod: PodInfo; nodeName: string }>();
  const byNode = new Map<string, PodInfo[]>();

  function denominate(uid: string): void {
    const nomination = byPod.get(uid);
    if (nomination === undefined) return;
    byPod.delete(uid);
    const left = (byNode.get(nomination.nodeName) ?? []).filter((pod) => pod.uid !== uid);
    if (left.length > 0) byNode.set(nomination.nodeName, left);
    else byNode.delete(nomination.nodeName);
  }

  return {
    nominated: (nodeName: string): readonly PodInfo[] => byNode.get(nodeName) ?? none,
    hasNominated: (): boolean => byNode.size > 0,
    nominatedNode: (uid: string): string | undefined => byPod.get(uid)?.nodeName,
    nominate(pod: PodInfo, nodeName: string): void {
      denominate(pod.uid);
      byPod.set(pod.uid, { pod, nodeName });
      byNode.set(nodeName, [...(byNode.get(nodeName) ?? []), pod]);
    },
    denominate,
  };
}
