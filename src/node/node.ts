/** The door of the node room: the agent, and what it is given. */
import type { BuiltImage } from './oci/building/archive.ts';

/** Builds an image from Debian packages; loaded only when it is asked for, which the agent never does. */
export const buildArchive = async (specification: string, archive: string): Promise<BuiltImage> =>
  (await import('./oci/building/archive.ts')).buildArchive(specification, archive);
/** Changes whenever what an image is built from does. */
export const imageFingerprint = async (specification: string): Promise<string> =>
  (await import('./oci/building/archive.ts')).fingerprintOf(specification);

export { type Agent, type AgentOptions, createAgent } from './agent.ts';
export { createCgroups, pidsPerPod } from './cgroups.ts';
export { collectHostFacts, type FilePlace } from './host-facts.ts';
export { publishHostFacts } from './host-facts-publisher.ts';
export { canLimitProcesses } from './runtimes/cgroups.ts';
export { writeCniConfig } from './runtimes/containerd/cni.ts';
export { createContainerdRuntime } from './runtimes/containerd/containerd.ts';
export { importImage } from './runtimes/containerd/import.ts';
export { removeLeftovers } from './runtimes/containerd/leftovers.ts';
export { startContainerd } from './runtimes/containerd/process.ts';
export type { Runtime, Sandbox } from './runtimes/runtime.ts';
export { createFleet } from './simulated/fleet.ts';
export { createAccess } from './streaming/access.ts';
export { createKubeletServer, type KubeletServer } from './streaming/kubelet-server.ts';
export { systemMounter } from './volumes/mounter.ts';
