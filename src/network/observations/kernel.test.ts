import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunCommand } from '../command.ts';
import { createKernelReader } from './kernel.ts';
import { elementSeconds, lostCounter, type RecordedSet, recordedCounter } from './recording.ts';

const table = { family: 'inet', name: 't' } as const;
const nowMs = 1_000_000_000_000;
type Element = [key: (string | number)[], packets: number, expires: number];

type State = { sets: Partial<Record<RecordedSet, Element[]>>; lost?: number; missing?: boolean };

/** A kernel that holds these elements and has counted this much as lost. `listed`: the sets that were read. */
function kernelOf(state: State, listed: string[] = []): RunCommand {
  return async (_, args) => {
    const answer = (nftables: object[]) => ({ code: 0, stdout: JSON.stringify({ nftables }), stderr: '' });
    if (state.missing) return { code: 1, stdout: '', stderr: 'No such file or directory' };
    if (args[2] === 'counters') {
      const counters = Object.entries(state.sets).map(([set, elements]) => ({
        name: recordedCounter(set as RecordedSet),
        packets: elements.reduce((sum, [, packets]) => sum + packets, 0),
      }));
      const all = [...counters, { name: lostCounter('spoofed'), packets: state.lost ?? 0 }];
      return answer(all.map((counter) => ({ counter })));
    }
    listed.push(args.at(-1)!);
    const elem = (state.sets[args.at(-1) as RecordedSet] ?? []).map(([concat, packets, expires]) => ({
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
      ...{ count: 2, lastMs: nowMs - 5000, isFirst: true },
    },
  ]);
  assert.deepEqual((await reader.poll(nowMs))!.sightings, []);
  state.sets.seen = [
    [key(80), 7, 600],
    [key(81), 1, 600],
  ];
  assert.deepEqual(
    (await reader.poll(nowMs))!.sightings.map(({ port, count, isFirst }) => [port, count, isFirst]),
    [
      [80, 5, false],
      [81, 1, true],
    ],
  );
  state.sets.seen = [[key(80), 3, 600]];
  assert.deepEqual(
    (await reader.poll(nowMs))!.sightings.map(({ count }) => count),
    [3],
    'expired and made anew',
  );
});

test('what connects so rarely that it expires in between is seen every time', async () => {
  const state: State = { sets: { seen: [[key(80), 1, 600]] } };
  const reader = createKernelReader(kernelOf(state), table);
  await reader.poll(nowMs);
  // The kernel's own counter has moved on; here it is that of the elements.
  state.sets.seen = [
    [key(80), 1, 600],
    [key(81), 1, 600],
  ];
  const later = (await reader.poll(nowMs + 1_200_000))!;
  assert.deepEqual(
    later.sightings.map(({ port, count }) => [port, count]),
    [
      [80, 1],
      [81, 1],
    ],
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

test('what found no room is counted', async () => {
  const state: State = { sets: { spoofed: [[['veth0', ...key(1)], 1, 600]] }, lost: 7 };
  const reader = createKernelReader(kernelOf(state), table);
  const poll = (await reader.poll(nowMs))!;
  assert.equal(poll.lost, 7);
  assert.deepEqual([poll.sightings[0]!.outcome, poll.sightings[0]!.interfaceName], ['source', 'veth0']);
  state.lost = 9;
  assert.equal((await reader.poll(nowMs))!.lost, 2);
});

test('only sets in which something moved are read', async () => {
  const state: State = { sets: { seen: [[key(80), 1, 600]], dropped_egress: [] } };
  const listed: string[] = [];
  const reader = createKernelReader(kernelOf(state, listed), table);
  await reader.poll(nowMs);
  await reader.poll(nowMs);
  assert.deepEqual(listed, ['seen']);
  state.sets.dropped_egress = [[key(22), 1, 600]];
  await reader.poll(nowMs);
  assert.deepEqual(listed, ['seen', 'dropped_egress']);
});

test('a table that is not there tells nothing', async () => {
  const reader = createKernelReader(kernelOf({ sets: {}, missing: true }), table);
  assert.equal(await reader.poll(nowMs), undefined);
});
