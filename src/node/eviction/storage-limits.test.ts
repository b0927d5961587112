import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testPod } from '../pods/testing/view.ts';
import { isBounded, storageExcess } from './storage-limits.ts';

const mebibytes = (amounts: Record<string, number>) =>
  new Map(Object.entries(amounts).map(([name, amount]) => [name, amount * 2 ** 20]));

/** Containers by name, with their limit; emptyDirs by name, with their sizeLimit. */
function podOf(limits: Record<string, string | undefined>, sizeLimits: Record<string, string | undefined> = {}) {
  const containers = Object.entries(limits).map(([name, limit]) => ({
    ...{ name, image: 'i', resources: limit === undefined ? {} : { limits: { 'ephemeral-storage': limit } } },
  }));
  const volumes = Object.entries(sizeLimits).map(([name, sizeLimit]) => ({ name, emptyDir: { sizeLimit } }));
  return testPod({ containers, volumes });
}

test('an emptyDir is held to its own limit', () => {
  const excess = (limit: string | undefined) =>
    storageExcess(podOf({ main: undefined }, { scratch: limit }), {
      containers: mebibytes({}),
      volumes: mebibytes({ scratch: 2 }),
      hostsBytes: 0,
    });
  assert.equal(excess(undefined), undefined);
  assert.equal(excess('2Mi'), undefined);
  assert.match(excess('1Mi')!, /EmptyDir volume "scratch" exceeds the limit "1Mi"/);
  assert.equal(excess('0'), undefined);
});

test('a pod is held to what its containers may write together, volumes included', () => {
  const pod = podOf({ main: '4Mi', side: '2Mi' }, { scratch: undefined });
  const excess = (main: number, scratch: number, hostsBytes = 0) =>
    storageExcess(pod, { containers: mebibytes({ main, side: 1 }), volumes: mebibytes({ scratch }), hostsBytes });
  assert.equal(excess(4, 1), undefined);
  assert.match(excess(4, 2)!, /Pod ephemeral local storage usage exceeds the total limit of containers 6291456/);
  // What they wrote to the /etc/hosts that they share.
  assert.match(excess(4, 1, 1)!, /Pod ephemeral local storage usage/);
});

test('a container is held to its own limit, also where another has none', () => {
  const excess = (main: number, side: number) =>
    storageExcess(podOf({ main: '2Mi', side: '9Mi' }), {
      containers: mebibytes({ main, side }),
      volumes: new Map(),
      hostsBytes: 0,
    });
  assert.equal(excess(2, 9), undefined);
  assert.match(excess(3, 1)!, /Container main exceeded its local ephemeral storage limit "2Mi"/);
});

test('only pods with such limits have to be looked at', () => {
  assert.equal(isBounded(podOf({ main: undefined }, { scratch: undefined })), false);
  assert.equal(isBounded(podOf({ main: undefined }, { scratch: '1Mi' })), true);
  assert.equal(isBounded(podOf({ main: '1Gi' })), true);
});
