import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checks } from '../checks.ts';
import type { JudgeContext, Manifest } from '../contract.ts';
import { kindName } from '../object-ref.ts';
import { readKinds } from '../snapshot/kinds.ts';
import { definingKinds } from '../snapshot/network-doubts.ts';
import { createSnapshot } from '../snapshot/snapshot.ts';
import { examplePod } from '../workload.ts';
import { contextOf, judge } from './judge.ts';
import { judgeOne } from './verdict.ts';

const clusterOf = (objects: Manifest[], unread: string[]) =>
  contextOf(
    createSnapshot({
      ...{ source: 'cluster', closedByDefault: false, takenAtMs: 0, minor: 36 },
      objects: objects.filter((object) => !unread.includes(kindName(object))),
      unread: unread.map((kind) => ({ kind, why: 'forbidden' })),
    }),
  );

const allKinds = new Set([...readKinds.map(({ name }) => name), ...checks.flatMap(({ kinds }) => kinds)]);

test('whichever kind cannot be read, no check gives another verdict for it than without: it has not assessed', () => {
  for (const check of checks)
    for (const objects of [...check.examples.pass, ...check.examples.fail]) {
      const [object] = objects;
      const { verdict } = judgeOne(check, object!, clusterOf(objects, []));
      for (const kind of allKinds) {
        const without = judgeOne(check, object!, clusterOf(objects, [kind]));
        assert.ok(
          without.verdict === verdict || (without.verdict === 'not assessed' && without.why.includes('forbidden')),
          `${check.id} says ${without.verdict} instead of ${verdict} when ${kind} is unread`,
        );
      }
    }
});

test('a kind that cannot be read is not assessed by every check about it, and the run does not end well', () => {
  for (const kind of allKinds) {
    const about = checks.filter(({ kinds }) => kinds.includes(kind));
    const { coverage, unreadable, unassessed } = judge([], checks, clusterOf([], [kind]));
    for (const { id } of about) assert.equal(coverage.get(id)?.notAssessed, 1, `${id} without ${kind}`);
    const told = about.length > 0 ? unreadable : unassessed;
    assert.deepEqual(told[0], { what: `every ${kind}`, why: 'forbidden' });
  }
});

test('whether other policies decide is not known, and told as unread, where definitions could not be read', () => {
  const [kind] = definingKinds;
  const { coverage, unreadable } = judge([{ object: examplePod() }], checks, clusterOf([], [kind!]));
  assert.equal(coverage.get('network-policy/missing')?.notAssessed, 1);
  assert.deepEqual(
    unreadable.map(({ what }) => what),
    [`every ${kind}`],
  );
});

test('every kind that a check is about or asks for is read of a cluster', () => {
  const read = new Set(readKinds.map(({ name }) => name));
  const missing = new Set<string>();
  const note = (kind: string) => {
    if (kind !== '*' && !read.has(kind)) missing.add(kind);
  };
  for (const check of checks) {
    for (const kind of check.kinds) note(kind);
    for (const objects of [...check.examples.pass, ...check.examples.fail]) {
      const context = clusterOf(objects, []);
      const noting: JudgeContext = {
        ...context,
        of: (kind, namespace) => {
          note(kind);
          return context.of(kind, namespace);
        },
        get: (ref) => {
          note(ref.kind);
          return context.get(ref);
        },
      };
      judgeOne(check, objects[0]!, noting);
    }
  }
  assert.deepEqual([...missing], []);
});
