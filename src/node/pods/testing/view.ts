import type { Pod } from '../../../api/schema/types.d.ts';
import type { Container, Sandbox } from '../../runtimes/runtime.ts';
import { specHash } from '../outcome.ts';
import { members, type PodView } from '../view.ts';

export const nowMs = Date.parse('2026-01-31T08:00:00Z');

export function testPod(spec: object = {}, metadata: object = {}): Pod {
  const identity = { name: 'web', namespace: 'shop', uid: 'uid-1', generation: 1 };
  const containers = [{ name: 'main', image: 'web:1' }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...identity, ...metadata },
    spec: { containers, ...spec },
  } as Pod;
}

/** A container as the runtime would list it: running for a second unless told otherwise. */
export function testContainer(pod: Pod, name: string, changes: Partial<Container> = {}): Container {
  const attempt = changes.attempt ?? 0;
  const spec = members(pod).find((member) => member.spec.name === name)!.spec;
  const finishedAtMs = changes.state === 'exited' ? nowMs : 0;
  return {
    ...{ id: `${name}-${attempt}`, sandboxId: 'sandbox-0', name, attempt, state: 'running', image: '', imageId: '' },
    ...{ createdAtMs: nowMs - 1000, startedAtMs: nowMs - 1000, finishedAtMs },
    ...{ exitCode: 0, reason: '', message: '', labels: {}, logPath: '' },
    annotations: { 'rempart.io/spec-hash': specHash(spec) },
    ...changes,
  };
}

/** Changes for `testContainer`: it has ended. */
export const exited = (exitCode: number, more: Partial<Container> = {}): Partial<Container> => ({
  state: 'exited',
  exitCode,
  ...more,
});

export function testSandbox(containers: Container[], changes: Partial<Sandbox> = {}): Sandbox {
  return {
    ...{ id: 'sandbox-0', name: 'web', namespace: 'shop', uid: 'uid-1', attempt: 0, ready: true },
    ...{ createdAtMs: nowMs, ips: ['10.244.0.2'], labels: {}, annotations: {}, containers },
    ...changes,
  };
}

export function testView(pod: Pod, containers: Container[] = [], changes: Partial<PodView> = {}): PodView {
  return {
    ...{ pod, nowMs, stop: undefined, sandboxes: [testSandbox(containers)], prepared: true, refreshDue: false },
    ...{
      released: false,
      busy: new Set(),
      retryAtMs: new Map(),
      pulling: new Set(),
      stopping: new Map(),
      stoppedSandboxes: new Set(),
      networked: 'sandbox-0',
    },
    ...{
      probes: new Map(),
      backoffs: new Map(),
      problems: new Map(),
      resized: new Map(),
      pendingResize: undefined,
      postStartPending: new Set(),
    },
    ...{ messages: new Map(), remembered: {}, hostIP: '192.0.2.1' },
    ...changes,
  };
}
