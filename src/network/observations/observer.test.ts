import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Flow } from '../../api/observations/observation.ts';
import { type Clock, manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { createEvaluator, type World } from '../../policy/policy.ts';
import { memoryCache } from '../testing/memory-cache.ts';
import type { Sighting } from './kernel.ts';
import { createObserver, explainedMax, type Observer } from './observer.ts';
import type { FlowReport } from './outbox.ts';

const pods = ['scanner', 'target'].map((name, index) => ({
  ...{ namespace: 'shop', name, labels: {}, ips: [`10.244.0.${index + 2}`], node: 'n1', hostNetwork: false, ports: [] },
}));
const closed = { metadata: { namespace: 'shop', name: 'closed' }, spec: { podSelector: {}, policyTypes: ['Ingress'] } };
const world: World = {
  ...{ pods, namespaces: [{ name: 'shop', labels: {} }], nodes: [], exposures: [], wellKnown: [] },
  policies: [closed],
};

const observerOf = (clock: Clock, sightings: () => Sighting[], report: (report: FlowReport) => void) =>
  createObserver({
    ...{ nodeName: 'n1', nodeAddresses: () => [], caches: { pods: memoryCache(), nodes: memoryCache() } },
    kernel: { adopt: () => undefined, poll: async () => ({ sightings: sightings(), lost: 0 }) },
    judged: () => ({ world, evaluator: createEvaluator(world) }),
    addressBehind: () => undefined,
    report: async (told) => void report(told),
    ...{ clock, log: silentLog },
  });
const assign = (observer: Observer, { namespace, name, ips }: (typeof pods)[number]) =>
  observer.assigned({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, uid: name } }, ips[0]!);

test('a scan of ports is told whole, and looked into for as many of its drops as the node has time for', async () => {
  const clock = manualClock(1_000_000_000);
  const told: Flow[][] = [];
  const scan = (count: number) =>
    Array.from({ length: count }, (_, port) => ({
      ...{ outcome: 'ingress' as const, from: '10.244.0.2', to: '10.244.0.3', protocol: 'TCP' as const },
      ...{ port: port + 1, count: 1, lastMs: clock.now(), isFirst: true },
    }));
  const scans = [explainedMax + 5, explainedMax];
  const observer = observerOf(
    clock,
    () => scan(scans.shift() ?? 0),
    ({ flows }) => told.push(flows),
  );
  await observer.start(false);
  for (const pod of pods) assign(observer, pod);
  clock.advance(2000);
  await setImmediate();
  clock.advance(2000);
  await observer.stop();
  const counts = told.slice(0, 2).map((flows) => ({
    told: flows.length,
    explained: flows.filter(({ drop }) => drop?.by[0] === 'shop/closed').length,
    notLookedInto: flows.filter(({ drop }) => drop?.nearest?.startsWith('not looked into')).length,
  }));
  assert.deepEqual(counts, [
    { told: explainedMax + 5, explained: explainedMax, notLookedInto: 5 },
    { told: explainedMax, explained: explainedMax / 5, notLookedInto: (explainedMax * 4) / 5 },
  ]);
});

/** An observer of a kernel in which each second of `seen` something was seen, and when it polled and reported. */
function watching(seen: (second: number) => Sighting | undefined) {
  const clock = manualClock(1_000_000_000);
  const seconds = () => clock.monotonicMs() / 1000;
  const [polls, reports]: [number[], { second: number; flows: number }[]] = [[], []];
  const recorded: Sighting[] = [];
  const poll = () => {
    polls.push(seconds());
    return recorded.splice(0);
  };
  const observer = observerOf(clock, poll, ({ flows }) => reports.push({ second: seconds(), flows: flows.length }));
  const pass = async (count: number) => {
    for (let second = 0; second < count; second++) {
      clock.advance(1000);
      const sighting = seen(seconds());
      if (sighting !== undefined) recorded.push({ ...sighting, lastMs: clock.now() });
      await setImmediate();
    }
  };
  return { observer, polls, reports, pass };
}
const connection = { outcome: 'seen' as const, from: '10.244.0.2', to: '10.244.0.3', protocol: 'TCP' as const };

for (const outcome of ['seen', 'ingress'] as const)
  test(`what was never ${outcome === 'seen' ? outcome : 'dropped'} before is told by the poll that finds it, what is known every thirty seconds`, async () => {
    const { observer, polls, reports, pass } = watching((second) => ({
      ...{ ...connection, outcome, port: 80, count: 1, lastMs: 0 },
      isFirst: second === 12,
    }));
    await observer.start(false);
    await pass(90);
    assert.deepEqual(polls, [10, 20, 30, 40, 50, 60, 70, 80, 90]);
    assert.deepEqual(
      reports.map(({ second }) => second),
      [10, 20, 50, 80],
    );
    await observer.stop();
  });

test('while a pod is new the kernel is read more often, so that what it connects to is told within seconds', async () => {
  const { observer, polls, reports, pass } = watching((second) =>
    second === 14 ? { ...connection, port: 80, count: 1, lastMs: 0, isFirst: true } : undefined,
  );
  await observer.start(false);
  await pass(11);
  for (const pod of pods) assign(observer, pod);
  await pass(49);
  assert.deepEqual(polls, [10, 13, 15, 17, 20, 25, 32, 42, 52]);
  assert.deepEqual(
    reports.map(({ second, flows }) => [second, flows]),
    [
      [10, 0],
      [15, 1],
      [52, 0],
    ],
  );
  await observer.stop();
});

test('pods that come one after the other put no poll off', async () => {
  const { observer, polls, pass } = watching(() => undefined);
  await observer.start(false);
  for (let second = 0; second < 6; second++) {
    assign(observer, pods[0]!);
    await pass(1);
  }
  assert.deepEqual(polls, [2, 4, 6]);
  await observer.stop();
});
