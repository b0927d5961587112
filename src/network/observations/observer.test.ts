import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Flow } from '../../api/observations/observation.ts';
import { manualClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import { createEvaluator, type World } from '../../policy/policy.ts';
import { memoryCache } from '../testing/memory-cache.ts';
import { createObserver, explainedMax } from './observer.ts';

const pods = ['scanner', 'target'].map((name, index) => ({
  ...{ namespace: 'shop', name, labels: {}, ips: [`10.244.0.${index + 2}`], node: 'n1', hostNetwork: false, ports: [] },
}));
const closed = { metadata: { namespace: 'shop', name: 'closed' }, spec: { podSelector: {}, policyTypes: ['Ingress'] } };
const world: World = {
  ...{ pods, namespaces: [{ name: 'shop', labels: {} }], nodes: [], exposures: [], wellKnown: [] },
  policies: [closed],
};

test('a scan of ports is told whole, and looked into for as many of its drops as the node has time for', async () => {
  const clock = manualClock(1_000_000_000);
  const flows: Flow[] = [];
  const sightings = Array.from({ length: explainedMax + 5 }, (_, port) => ({
    ...{ outcome: 'ingress' as const, from: '10.244.0.2', to: '10.244.0.3', protocol: 'TCP' as const },
    ...{ port: port + 1, count: 1, lastMs: clock.now() },
  }));
  const observer = createObserver({
    ...{ nodeName: 'n1', nodeAddresses: () => [], caches: { pods: memoryCache(), nodes: memoryCache() } },
    kernel: { adopt: () => undefined, poll: async () => ({ sightings: sightings.splice(0), lost: 0 }) },
    judged: () => ({ world, evaluator: createEvaluator(world) }),
    addressBehind: () => undefined,
    report: async (report) => void flows.push(...report.flows),
    ...{ clock, log: silentLog },
  });
  await observer.start(false);
  for (const { namespace, name, ips } of pods)
    observer.assigned({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name, uid: name } }, ips[0]!);
  await observer.stop();
  assert.equal(flows.length, explainedMax + 5);
  assert.equal(flows.filter(({ drop }) => drop?.by[0] === 'shop/closed').length, explainedMax);
  assert.equal(flows.filter(({ drop }) => drop?.nearest?.startsWith('not looked into')).length, 5);
});
