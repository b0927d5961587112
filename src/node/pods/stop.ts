import type { Container as ContainerSpec } from '../../api/schema/types.d.ts';
import type { Container } from '../runtimes/runtime.ts';
import type { NodeContext } from './context.ts';
import type { ActionOf } from './decision.ts';
import { pause, runHook } from './hooks.ts';
import type { PodMemory } from './memory.ts';
import { sandboxesOf } from './sandbox.ts';

/** preStop first, within the grace period; the stop itself gets what is left of it, and two seconds at least. */
export async function stop(action: ActionOf<'stop'>, memory: PodMemory, context: NodeContext): Promise<void> {
  const { container, graceSeconds, why } = action;
  const startedMs = context.clock.monotonicMs();
  memory.stopping.set(container.id, context.clock.now() + graceSeconds * 1000);
  context.record(memory.pod, 'Normal', 'Killing', why, container.name);
  try {
    const spec = action.member?.spec;
    if (spec?.lifecycle?.preStop && graceSeconds > 0 && !action.overtakes)
      await preStop(container, spec, graceSeconds, memory, context);
    const usedSeconds = Math.floor((context.clock.monotonicMs() - startedMs) / 1000);
    const leftSeconds = Math.max(graceSeconds - usedSeconds, Math.min(graceSeconds, 2));
    await context.runtime.stopContainer(container.id, leftSeconds);
    await settle(container, context);
  } finally {
    memory.stopping.delete(container.id);
  }
}

const settleTriesMax = 20;

/** The runtime's status can lag behind the stop it has just confirmed. */
async function settle(container: Container, context: NodeContext): Promise<void> {
  for (let tries = 0; tries < settleTriesMax; tries++) {
    await context.observed.refresh(container.sandboxId);
    const status = await context.runtime.containerStatus(container.id);
    if (status === undefined || status.state !== 'running') return;
    await pause(context.clock, 50);
  }
}

async function preStop(
  container: Container,
  spec: ContainerSpec,
  graceSeconds: number,
  memory: PodMemory,
  context: NodeContext,
) {
  const podIP = sandboxesOf(memory, context)[0]?.ips[0] ?? context.hostIP;
  const { runtime, clock } = context;
  const target = { runtime, clock, containerId: container.id, spec, podIP };
  try {
    await runHook(spec.lifecycle!.preStop!, target, graceSeconds * 1000);
  } catch (error) {
    const message = `PreStopHook failed: ${(error as Error).message}`;
    context.record(memory.pod, 'Warning', 'FailedPreStopHook', message);
  }
}
