import type { Container, Image, Sandbox } from '../runtime.ts';
import type * as cri from './protocol/messages.ts';
import { memoryAnnotation, type SandboxMemory } from './requests.ts';

const containerStates = ['created', 'running', 'exited', 'unknown'] as const;
const sandboxReady = 0;

const milliseconds = (nanoseconds: bigint) => Number(nanoseconds / 1_000_000n);

export const isExited = (status: cri.ContainerStatus | undefined) => status?.state === 2;
export const isReady = (status: cri.PodSandboxStatus | undefined) => status?.state === sandboxReady;

/** `ips` is empty with hostNetwork and once the sandbox has stopped. */
export function sandboxFrom(status: cri.PodSandboxStatus, containers: Container[]): Sandbox {
  const { [memoryAnnotation]: _, ...annotations } = status.annotations;
  const { ip = '', additionalIps = [] } = status.network ?? {};
  return {
    id: status.id,
    name: status.metadata?.name ?? '',
    namespace: status.metadata?.namespace ?? '',
    uid: status.metadata?.uid ?? '',
    attempt: status.metadata?.attempt ?? 0,
    ready: isReady(status),
    createdAtMs: milliseconds(status.createdAt),
    ips: [ip, ...additionalIps.map((additional) => additional.ip)].filter((address) => address !== ''),
    labels: status.labels,
    annotations,
    containers,
  };
}

/** What `runPod` wrote into the sandbox; throws when somebody else made the sandbox. */
export function memoryFrom(sandboxId: string, annotations: Record<string, string>): SandboxMemory {
  const text = annotations[memoryAnnotation];
  if (text === undefined) throw new Error(`sandbox ${sandboxId} was not made by Rempart: remove it`);
  return JSON.parse(text) as SandboxMemory;
}

export function containerFrom(status: cri.ContainerStatus, sandboxId: string): Container {
  return {
    id: status.id,
    sandboxId,
    name: status.metadata?.name ?? '',
    attempt: status.metadata?.attempt ?? 0,
    state: containerStates[status.state] ?? 'unknown',
    image: status.image?.image ?? '',
    imageId: status.imageRef,
    createdAtMs: milliseconds(status.createdAt),
    startedAtMs: milliseconds(status.startedAt),
    finishedAtMs: milliseconds(status.finishedAt),
    exitCode: status.exitCode,
    reason: status.reason,
    message: status.message,
    labels: status.labels,
    annotations: status.annotations,
    logPath: status.logPath,
  };
}

/** Images with this name were imported from a file: no registry could give them again, so none is ever collected. */
const importedPrefix = 'rempart.local/';

/** `user` is the image's USER: a number in decimal, or a name, or empty. */
export function imageFrom(image: cri.Image): Image {
  return {
    id: image.id,
    tags: image.repoTags,
    digests: image.repoDigests,
    sizeBytes: Number(image.size),
    user: image.uid === undefined ? image.username : String(image.uid.value),
    pinned: image.pinned || image.repoTags.some((tag) => tag.startsWith(importedPrefix)),
  };
}
