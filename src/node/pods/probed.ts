import type { ProbeTargets } from '../probes/prober.ts';
import { allNamed, isStarted, members, operationKey, type PodView } from './view.ts';

/**
 * Which containers are probed now: those that run beside each other, and are past what runs at their start. A pod that
 * stops is no longer probed for life.
 */
export function probeTargets(view: PodView): ProbeTargets {
  const running = members(view.pod).flatMap(({ spec, role }) => {
    const container = allNamed(view, spec.name)[0];
    if (role === 'init' || role === 'ephemeral' || container?.state !== 'running') return [];
    if (view.postStartPending.has(container.id) || view.busy.has(operationKey.start(spec.name))) return [];
    const { id: containerId, startedAtMs } = container;
    return [{ containerId, startedAtMs, spec, started: isStarted(view, spec, container) }];
  });
  const podIP = view.pod.spec!.hostNetwork ? view.hostIP : (view.sandboxes[0]?.ips[0] ?? '');
  return { running, podIP, stopping: view.stop !== undefined };
}
