import type { Container as ContainerSpec, Pod } from '../../api/schema/types.d.ts';
import type { Role } from './view.ts';

/** A crash-looping container waits 10 s, 20 s, 40 s … 5 min; ten minutes of running forgive everything. */
const firstBackoffMs = 10_000;
const maxBackoffMs = 300_000;
const forgivenAfterMs = 600_000;

/** Shall a container that ended with this code be started again? (PodSpec.restartPolicy, container overrides) */
export function restarts(pod: Pod, spec: ContainerSpec, role: Role, exitCode: number): boolean {
  if (role === 'ephemeral') return false;
  if (role === 'sidecar') return true;
  const rule = (spec.restartPolicyRules ?? []).find(({ exitCodes }) => exitCodes && ruleMatches(exitCodes, exitCode));
  if (rule?.action === 'Restart') return true;
  const policy = spec.restartPolicy ?? pod.spec!.restartPolicy ?? 'Always';
  if (role === 'init') return exitCode !== 0 && policy !== 'Never';
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

function ruleMatches({ operator, values = [] }: { operator: string; values?: number[] }, exitCode: number): boolean {
  return operator === 'In' ? values.includes(exitCode) : !values.includes(exitCode);
}

export type RanContainer = { attempt: number; startedAtMs: number; finishedAtMs: number };

/**
 * How long after its end a container has to wait before it starts again, and the delay to remember for the next time.
 * `remembered` is undefined after the agent itself restarted: then the number of attempts stands in for it, so that a
 * crash loop does not begin anew with every agent upgrade.
 */
export function backoff(last: RanContainer, remembered: number | undefined): { waitMs: number; nextMs: number } {
  const ranMs = last.startedAtMs > 0 ? last.finishedAtMs - last.startedAtMs : 0;
  if (ranMs >= forgivenAfterMs) return { waitMs: 0, nextMs: firstBackoffMs };
  const waitMs = remembered ?? (last.attempt === 0 ? 0 : doubled(last.attempt));
  return { waitMs, nextMs: waitMs === 0 ? firstBackoffMs : Math.min(waitMs * 2, maxBackoffMs) };
}

const doubled = (attempt: number) => Math.min(firstBackoffMs * 2 ** Math.min(attempt - 1, 10), maxBackoffMs);
