import type { Pod, RuntimeClass } from '../../api/schema/types.d.ts';
import type { Sandbox } from '../runtimes/runtime.ts';
import type { NodeContext } from './context.ts';
import type { ActionOf } from './decide.ts';
import type { PodMemory } from './memory.ts';
import { sandboxConfig } from './sandbox-config.ts';

export const sandboxesOf = ({ pod }: Pick<PodMemory, 'pod'>, { observed }: Pick<NodeContext, 'observed'>): Sandbox[] =>
  observed.ofPod(pod.metadata.uid!);

/** Makes the pod's namespaces and network; whatever held them before is stopped first. */
export async function createSandbox(
  { attempt }: ActionOf<'createSandbox'>,
  memory: PodMemory,
  context: NodeContext,
): Promise<void> {
  const { pod } = memory;
  try {
    for (const old of sandboxesOf(memory, context)) await stopSandbox(old.id, memory, context);
    await context.network.beforePodStarts(pod);
    const runtimeHandler = await runtimeHandlerOf(pod, context);
    const config = { ...sandboxConfig(pod, attempt, context.cgroups.parentOf(pod), context), runtimeHandler };
    const id = await context.inTurn(() => context.runtime.runPod(config));
    const [sandbox] = await context.runtime.listPods(id);
    const ip = sandbox?.ips[0];
    if (ip !== undefined) await joinNetwork(pod, id, ip, context);
    await context.observed.refresh(id);
  } catch (error) {
    const message = `Failed to create pod sandbox: ${(error as Error).message}`;
    context.record(pod, 'Warning', 'FailedCreatePodSandBox', message);
    throw error;
  }
}

/** The handler of the pod's RuntimeClass; the runtime refuses one that it does not have. */
async function runtimeHandlerOf({ spec }: Pod, { client }: NodeContext): Promise<string> {
  if (!spec!.runtimeClassName) return '';
  const found = await client.get<RuntimeClass>('runtimeclasses.node.k8s.io', { name: spec!.runtimeClassName });
  return found.handler;
}

/** A sandbox whose policies could not be put in force must not run anything. */
async function joinNetwork(pod: Pod, sandboxId: string, ip: string, { runtime, network }: NodeContext): Promise<void> {
  try {
    await network.podNetworkReady(pod, ip);
  } catch (error) {
    await runtime.stopPod(sandboxId);
    await runtime.removePod(sandboxId);
    // Its address is somebody else's next.
    await network.podNetworkGone(pod, ip);
    throw error;
  }
}

export async function stopSandbox(sandboxId: string, memory: PodMemory, context: NodeContext): Promise<void> {
  const sandbox = sandboxesOf(memory, context).find(({ id }) => id === sandboxId);
  if (memory.stoppedSandboxes.has(sandboxId)) return;
  await context.runtime.stopPod(sandboxId);
  const ip = sandbox?.ips[0];
  if (ip !== undefined) await context.network.podNetworkGone(memory.pod, ip);
  memory.stoppedSandboxes.add(sandboxId);
  await context.observed.refresh(sandboxId);
}
