import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyMemory } from './memory.ts';
import { createSandbox } from './sandbox.ts';
import { sandboxConfig } from './sandbox-config.ts';
import { testPod, testSandbox } from './testing/view.ts';

test('a sandbox whose policies cannot be put in force goes, and its address belongs to nobody', async () => {
  const done: string[] = [];
  const pod = testPod();
  const say = (word: string) => async () => void done.push(word);
  const context = {
    ...{ hostDns: { servers: [], searches: [], options: [] }, clusterDns: { servers: [], domain: 'cluster.local' } },
    ...{ logsDirectory: '/logs', record: (...words: string[]) => void done.push(words[2]!) },
    observed: { ofPod: () => [] },
    cgroups: { parentOf: () => '' },
    inTurn: (work: () => Promise<unknown>) => work(),
    runtime: {
      runPod: async () => 'sandbox-0',
      listPods: async () => [testSandbox([])],
      ...{ stopPod: say('stopped'), removePod: say('removed') },
    },
    network: {
      beforePodStarts: say('asked'),
      podNetworkReady: async () => Promise.reject(new Error('nftables is away')),
      podNetworkGone: async (_: unknown, ip: string) => void done.push(`${ip} is free`),
    },
  };
  const action = { do: 'createSandbox', key: 'sandbox', attempt: 0 } as const;
  await assert.rejects(createSandbox(action, emptyMemory(pod), context as never), /nftables is away/);
  assert.deepEqual(done, ['asked', 'stopped', 'removed', '10.244.0.2 is free', 'FailedCreatePodSandBox']);
});

test('of its labels a sandbox has what it is found again by: all sandboxes are listed in one message', () => {
  const many = Object.fromEntries(Array.from({ length: 3000 }, (_, index) => [`label-${index}`, 'x'.repeat(63)]));
  const context = {
    ...{ hostDns: { servers: [], searches: [], options: [] }, clusterDns: { servers: [], domain: 'cluster.local' } },
    logsDirectory: '/logs',
  };
  const { labels } = sandboxConfig(testPod({}, { labels: many }), 0, '', context as never);
  const names = ['io.kubernetes.pod.name', 'io.kubernetes.pod.namespace', 'io.kubernetes.pod.uid'];
  assert.deepEqual(Object.keys(labels).sort(), names);
});
