import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { randomFrom, seedOf } from '../random.ts';
import type { Faults } from './faults.ts';
import { stranded, violations } from './invariants.ts';
import { populate, rage } from './turmoil.ts';
import { createWorld } from './world.ts';

/** Virtual time after which pods of a lost node are evicted: 40 s of silence, five minutes of patience, and some more. */
const evictionMs = 7 * 60_000;
/** Virtual time after which everything must have come to rest. */
const restMsMax = 10 * 60_000;
const lookEveryMs = 5000;
/** Real time in which another seed is begun: a night of searching is BUDGET_MS=28800000. */
const budgetMs = Number(process.env['BUDGET_MS'] ?? 15_000);

const faultsOf = (seed: number): Faults => ({
  ...{ on: true, random: randomFrom(seed) },
  ...{ lostRequests: 0.03, lostAnswers: 0.03, slow: 0.05 },
});

/**
 * A cluster in which connections break, the store is full or forgets, writers collide, controllers restart, nodes die
 * and the clock jumps: whatever happened, it comes to what was asked for. `SEED=…` replays one seed.
 */
async function simulate(seed: number): Promise<void> {
  const random = Math.random;
  // Jitter and generated names are part of what is replayed.
  Math.random = randomFrom(seed + 1);
  const faults = faultsOf(seed);
  const world = await createWorld(faults);
  try {
    await world.pass(5000);
    await populate(world);
    await rage(world, seed + 2);
    faults.on = false;
    await world.pass(evictionMs);
    assert.deepEqual(stranded(world), [], `after evictions, with SEED=${seed}`);
    // Its pods may run for all anyone knows, so they only go with the node, as an administrator says.
    for (const { name } of world.nodes.filter(({ alive }) => !alive)) await world.admin.delete('nodes', { name });
    let wrong: string[] = [];
    for (let passedMs = 0; passedMs < restMsMax; passedMs += lookEveryMs) {
      await world.pass(lookEveryMs);
      wrong = violations(world);
      if (wrong.length === 0) break;
    }
    assert.deepEqual(wrong, [], `at rest, with SEED=${seed}`);
    // And it stays so: nothing goes back and forth.
    await world.pass(60_000);
    assert.deepEqual(violations(world), [], `a minute later, with SEED=${seed}`);
  } finally {
    Math.random = random;
    await world.close();
  }
}

async function replay(): Promise<string[]> {
  const random = Math.random;
  Math.random = randomFrom(1);
  const world = await createWorld(faultsOf(2));
  try {
    await world.pass(5000);
    await populate(world);
    await rage(world, 3, 10);
    const { items, resourceVersion } = await world.admin.list('pods');
    return [resourceVersion, ...items.map(({ metadata }) => `${metadata.name} ${metadata.resourceVersion}`)];
  } finally {
    Math.random = random;
    await world.close();
  }
}

// Code that is loaded at its first use takes real time: afterwards every run is as the one before.
before(replay);

test('a seed replays: the same faults at the same moments lead to the same objects', async ({ mock }) => {
  // Who looks at real time replays on an idle machine, and not on a busy one.
  const realTime = [mock.method(Date, 'now'), mock.method(performance, 'now'), mock.method(globalThis, 'setTimeout')];
  assert.deepEqual(await replay(), await replay());
  const looks = realTime.flatMap(({ mock: { calls } }) => calls.map(({ stack }) => stack.stack));
  assert.deepEqual(looks, []);
});

test('whatever breaks, the cluster comes to what was asked for', async (context) => {
  const untilMs = performance.now() + budgetMs;
  const first = seedOf();
  let count = 0;
  do {
    context.diagnostic(`SEED=${first + count}`);
    await simulate(first + count++);
  } while (process.env['SEED'] === undefined && performance.now() < untilMs);
});
