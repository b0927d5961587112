import type { PodDisruptionBudget } from '../api/schema/types.d.ts';
import type { Caches } from '../client/cache.ts';
import type { Client } from '../client/client.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import { evict } from './bind.ts';
import type { PodInfo } from './pod-info.ts';
import type { Budget, Preemption } from './preempt.ts';
import type { Reporter } from './report.ts';

/** What may be evicted without breaking a promise, as PodDisruptionBudgets have it now. */
export function budgetsOf(caches: Caches): Budget[] {
  const all = caches('poddisruptionbudgets.policy').list() as unknown as PodDisruptionBudget[];
  return all.map(({ metadata, spec, status }) => ({
    namespace: metadata.namespace ?? '',
    selector: spec?.selector,
    allowed: status?.disruptionsAllowed ?? 0,
  }));
}

/** Evicts the victims of a preemption, all at once; one that cannot be is told, and the others go. */
export async function makeRoom(
  pod: PodInfo,
  { node, victims }: Preemption,
  { client, clock, log, report }: { client: Client; clock: Clock; log: Log; report: Reporter },
): Promise<void> {
  const leaving = victims.map(async (victim) => {
    await evict(victim, pod, client, clock);
    report.preempted(victim, pod, node.name);
  });
  for (const result of await Promise.allSettled(leaving))
    if (result.status === 'rejected') log.warn('a victim was not evicted', { node: node.name, error: result.reason });
}
