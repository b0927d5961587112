import type { KubernetesObject } from '../../api/object.ts';
import type { FlowEnd } from '../../api/observations/observation.ts';
import { workloadOf } from '../../api/observations/workload.ts';

type PodEnd = FlowEnd & { type: 'pod' };
type Assignment = { uid: string; end: PodEnd; fromMs: number; untilMs: number };

/** Which pod had an address, and when: addresses are given to others, and what was seen is told a little later. */
export type Assignments = {
  assign(ip: string, pod: KubernetesObject, fromMs: number): void;
  release(pod: KubernetesObject, atMs: number): void;
  at(ip: string, timeMs: number): PodEnd | undefined;
};

/** Longer than the kernel remembers what it saw. */
const keptMs = 15 * 60_000;
const perAddressMax = 4;
const addressesMax = 65_536;
/** The kernel tells ages in seconds. */
const slackMs = 1000;

export function createAssignments(): Assignments {
  const byAddress = new Map<string, Assignment[]>();
  const addressOf = new Map<string, string>();

  function makeRoom(nowMs: number): void {
    for (const [ip, list] of byAddress) if (list.every(({ untilMs }) => untilMs < nowMs - keptMs)) byAddress.delete(ip);
    const [oldest] = byAddress.keys();
    if (byAddress.size >= addressesMax) byAddress.delete(oldest!);
  }

  return {
    assign(ip, pod, fromMs) {
      const uid = pod.metadata.uid ?? '';
      const end = podEnd(pod);
      if (!byAddress.has(ip) && byAddress.size >= addressesMax) makeRoom(fromMs);
      const others = (byAddress.get(ip) ?? [])
        .filter((one) => one.uid !== uid)
        .map((one) => ({ ...one, untilMs: Math.min(one.untilMs, fromMs) }));
      const known = byAddress.get(ip)?.find((one) => one.uid === uid);
      const since = known?.fromMs ?? fromMs;
      byAddress.set(
        ip,
        [...others, { uid, end, fromMs: since, untilMs: Number.POSITIVE_INFINITY }].slice(-perAddressMax),
      );
      addressOf.set(uid, ip);
    },
    release(pod, atMs) {
      const uid = pod.metadata.uid ?? '';
      const ip = addressOf.get(uid);
      addressOf.delete(uid);
      for (const one of byAddress.get(ip ?? '') ?? []) if (one.uid === uid) one.untilMs = Math.min(one.untilMs, atMs);
    },
    at: (ip, timeMs) =>
      byAddress.get(ip)?.findLast(({ fromMs, untilMs }) => fromMs - slackMs <= timeMs && timeMs <= untilMs + slackMs)
        ?.end,
  };
}

function podEnd({ metadata }: KubernetesObject): PodEnd {
  const workload = workloadOf(metadata);
  return {
    ...{ type: 'pod', namespace: metadata.namespace ?? '', name: metadata.name },
    ...(workload === undefined ? {} : { workload }),
    labels: metadata.labels ?? {},
  };
}
