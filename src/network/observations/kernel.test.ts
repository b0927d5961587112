import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunCommand } from '../command.ts';
import { createKernelReader } from './kernel.ts';
import { elementSeconds, lostComment, recordedSets } from './recording.ts';

const table = { family: 'inet', name: 't' } as const;
const nowMs = 1_000_000_000_000;
type Element = [key: (string | number)[], packets: number, expires: number];

/** A kernel that holds these elements and has counted this much as lost. */
function kernelOf(state: { sets: Record<string, Element[]>; lost?: number; missing?: boolean }): RunCommand {
  return async (_, args) => {
    const answer = (nftables: object[]) => ({ code: 0, stdout: JSON.stringify({ nftables }), stderr: '' });
    if (state.missing) return { code: 1, stdout: '', stderr: 'No such file or directory' };
    if (args[2] === 'chain')
      return answer([{ rule: { comment: lostComment, expr: [{ counter: { packets: state.lost ?? 0, bytes: 0 } }] } }]);
    const elem = (state.sets[args.at(-1)!] ?? []).map(([concat, packets, expires]) => ({
      elem: { val: { concat }, expires, counter: { packets, bytes: 0 } },
    }));
    return answer([{ metainfo: {} }, { set: { type: ['ipv4_addr'], timeout: elementSeconds, elem } }]);
  };
}
const key = (port: number) => ['10.244.0.2', '10.244.0.3', 'tcp', port];

test('a poll tells what is new since the one before, and when it was', async () => {
  const state = { sets: { seen: [[key(80), 2, 595]] as Element[] } };
  const reader = createKernelReader(kernelOf(state), table);
  assert.deepEqual((await reader.poll(nowMs))!.sightings, [
    {
      ...{ outcome: 'seen', from: '10.244.0.2', to: '10.244.0.3', protocol: 'TCP', port: 80 },
      ...{ count: 2, lastMs: nowMs - 5000 },
    },
  ]);
  assert.deepEqual((await reader.poll(nowMs))!.sightings, []);
  state.sets.seen = [
    [key(80), 7, 600],
    [key(81), 1, 600],
  ];
  assert.deepEqual(
    (await reader.poll(nowMs))!.sightings.map(({ port, count }) => [port, count]),
    [
      [80, 5],
      [81, 1],
    ],
  );
  state.sets.seen = [[key(80), 3, 600]];
  assert.deepEqual(
    (await reader.poll(nowMs))!.sightings.map(({ count }) => count),
    [3],
    'expired and made anew',
  );
});

test('what an earlier process left counts once', async () => {
  const state = { sets: { seen: [[key(80), 900, 600]] as Element[] } };
  const reader = createKernelReader(kernelOf(state), table);
  reader.adopt();
  assert.equal((await reader.poll(nowMs))!.sightings[0]!.count, 1);
  state.sets.seen = [[key(80), 902, 600]];
  assert.equal((await reader.poll(nowMs))!.sightings[0]!.count, 2);
});

test('what found no room is counted as soon as a set is full', async () => {
  const { size } = recordedSets.spoofed;
  const elements = Array.from({ length: size - 1 }, (_, port): Element => [['veth0', ...key(port)], 1, 600]);
  const state = { sets: { spoofed: elements }, lost: 7 };
  const reader = createKernelReader(kernelOf(state), table);
  assert.equal((await reader.poll(nowMs))!.lost, 0);
  state.sets.spoofed.push([['veth0', ...key(size)], 1, 600]);
  const poll = (await reader.poll(nowMs))!;
  assert.equal(poll.lost, 7);
  assert.deepEqual([poll.sightings[0]!.outcome, poll.sightings[0]!.interfaceName], ['source', 'veth0']);
  state.lost = 9;
  assert.equal((await reader.poll(nowMs))!.lost, 2);
});

test('a table that is not there tells nothing', async () => {
  const reader = createKernelReader(kernelOf({ sets: {}, missing: true }), table);
  assert.equal(await reader.poll(nowMs), undefined);
});
