import assert from 'node:assert/strict';
import fc from '../../../test/property.ts';
import type { Engine, Event } from '../engine.ts';
import { bytes, text } from './conformance.ts';

/** One step against an engine. `stale`: the condition of the write is wrong on purpose. */
export type Step =
  | { type: 'put'; key: string; value: string; stale: boolean }
  | { type: 'delete'; key: string; stale: boolean }
  | { type: 'compact'; back: number }
  | { type: 'reopen' };

const key = fc.constantFrom('/a/1', '/a/2', '/a/20', '/b/1', '/ab');
export const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ type: fc.constant('put' as const), key, value: fc.string(), stale: rarely() }),
    },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('delete' as const), key, stale: rarely() }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('compact' as const), back: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.constant({ type: 'reopen' as const }) },
  ),
  { maxLength: 40 },
);
function rarely() {
  return fc.nat(9).map((number) => number === 0);
}

/** The obvious model: the whole content at every revision. */
type World = Map<string, { value: string; revision: number }>;

/** Runs the steps and holds every revision that is not compacted, and every event, against the obvious model. */
export async function runAgainstModel(all: Step[], open: () => Promise<Engine>): Promise<void> {
  let engine = await open();
  const worlds: World[] = [new Map()];
  const events: string[] = [''];
  let compacted = 0;
  try {
    for (const step of all) {
      if (step.type === 'reopen') {
        await engine.close();
        engine = await open();
      } else if (step.type === 'compact') {
        compacted = Math.max(compacted, engine.revision() - step.back);
        if (compacted > 0) await engine.compact(compacted);
      } else await change(engine, step, worlds, events);
      verify(engine, worlds, events, compacted);
    }
  } finally {
    await engine.close();
  }
}

async function change(engine: Engine, step: Step & { key: string }, worlds: World[], events: string[]) {
  const { key, type, stale } = step as Extract<Step, { key: string }>;
  const world = worlds.at(-1)!;
  const current = world.get(key)?.revision ?? 0;
  const expected = stale ? current + 1 : current;
  const result = await (step.type === 'put'
    ? engine.put({ key, value: bytes(step.value), expected })
    : engine.delete({ key, expected }));
  const possible = !stale && (type === 'put' || current > 0);
  assert.equal(result.ok, possible);
  if (!possible) return;
  const next = new Map(world);
  const revision = worlds.length;
  if (step.type === 'put') next.set(key, { value: step.value, revision });
  else next.delete(key);
  worlds.push(next);
  events.push(`${revision} ${type} ${key} ${text(bytes(world.get(key)?.value ?? ''))}`);
}

function verify(engine: Engine, worlds: World[], events: string[], compacted: number): void {
  assert.equal(engine.revision(), worlds.length - 1);
  assert.equal(engine.compacted(), compacted);
  for (let revision = compacted; revision < worlds.length; revision++)
    for (const prefix of ['/', '/a/', '/a/2'])
      assert.deepEqual(
        engine.range(prefix, { revision }).entries.map((entry) => [entry.key, entry.modRevision, text(entry.value)]),
        [...worlds[revision]!]
          .filter(([name]) => name.startsWith(prefix))
          .sort(([one], [other]) => (one < other ? -1 : 1))
          .map(([name, { value, revision }]) => [name, revision, text(bytes(value))]),
      );
  const seen: Event[] = [];
  engine.watch('/', compacted, (batch) => seen.push(...batch))();
  assert.deepEqual(
    seen.map(({ type, entry, previous }) =>
      [entry.modRevision, type, entry.key, text(previous?.value) ?? ''].join(' '),
    ),
    events.slice(compacted + 1),
  );
}
