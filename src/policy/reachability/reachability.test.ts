import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { createEvaluator, type Protocol, podKey } from '../policy.ts';
import type { End } from '../testing/model.ts';
import { plainAddresses, worlds } from '../testing/worlds.ts';
import { changedPairs } from './changes.ts';
import { createReachability } from './reachability.ts';

const protocols: Protocol[] = ['TCP', 'UDP', 'SCTP'];
const party = (end: End) => (typeof end === 'string' ? { address: end } : { pod: podKey(end) });

test('reachability says of every pair and port what the evaluator says', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const { evaluate } = createEvaluator(world);
      const reachability = createReachability(world);
      const ends: End[] = [...world.pods, ...plainAddresses];
      for (const from of ends)
        for (const to of ends) {
          const ranges = reachability.ports(party(from), party(to));
          for (const protocol of protocols)
            for (const port of [1, 53, 80, 81, 8080, 9001])
              assert.equal(
                ranges.some((range) => range.protocol === protocol && range.first <= port && port <= range.last),
                evaluate(party(from), party(to), protocol, port).allowed,
                JSON.stringify({ from, to, protocol, port }),
              );
        }
    }),
    { numRuns: 200 },
  );
});

test('who can reach a class is the reverse of what a class can reach', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const { classes, from, to } = createReachability(world);
      for (const party of classes.filter(({ type }) => type !== 'service')) {
        const reached = from(party);
        for (const other of classes) {
          const ports = reached.find((reach) => reach.party === other)?.ports;
          const back = to(other).find((reach) => reach.party === party)?.ports;
          assert.deepEqual(back, ports);
        }
      }
    }),
    { numRuns: 100 },
  );
});

const twoPolicySets = fc.tuple(worlds, worlds).map(([a, b]) => {
  const after = { ...a, policies: [...a.policies.slice(1), ...b.policies.slice(0, 1)] };
  return [a, after] as const;
});

test('the difference of two worlds is exactly the pairs whose ports differ', () => {
  fc.assert(
    fc.property(twoPolicySets, ([before, after]) => {
      const [old, now] = [createReachability(before), createReachability(after)];
      const told = new Map(
        changedPairs(before, after).flatMap(({ from, to, before, after }) =>
          from.members.flatMap((a) => to.members.map((b) => [`${a} ${b}`, [before, after]] as const)),
        ),
      );
      const pods = before.pods.filter(({ hostNetwork }) => !hostNetwork);
      for (const from of pods)
        for (const to of pods.filter((to) => to !== from)) {
          const [a, b] = [old, now].map(({ ports }) => ports(party(from), party(to)));
          const changed = JSON.stringify(a) !== JSON.stringify(b);
          assert.deepEqual(told.get(`${podKey(from)} ${podKey(to)}`), changed ? [a, b] : undefined);
        }
    }),
    { numRuns: 200 },
  );
});

test('a pod that moved to another namespace or label is a change, a world that stays is none', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      assert.deepEqual(changedPairs(world, { ...world, pods: world.pods.map((pod) => ({ ...pod })) }), []);
      const relabelled = { ...world, pods: world.pods.map((pod) => ({ ...pod, labels: { app: 'x' } })) };
      const told = changedPairs(world, relabelled).flatMap(({ from, to }) =>
        from.members.flatMap((a) => to.members.map((b) => `${a} ${b}`)),
      );
      const [old, now] = [createReachability(world), createReachability(relabelled)];
      const pods = world.pods.filter(({ hostNetwork }) => !hostNetwork);
      for (const from of pods)
        for (const to of pods.filter((to) => to !== from)) {
          const [a, b] = [old, now].map(({ ports }) => JSON.stringify(ports(party(from), party(to))));
          assert.equal(told.includes(`${podKey(from)} ${podKey(to)}`), a !== b);
        }
    }),
    { numRuns: 100 },
  );
});

test('DNS and API are classes of their own: a rule that allows one of their addresses allows them', () => {
  const dns = {
    name: 'dns',
    protocols: ['UDP', 'TCP'] as Protocol[],
    backend: { address: '10.0.0.254', port: 53 },
    aliases: [{ address: '203.0.113.200', port: 53 }],
    namespace: 'kube-system',
    labels: { app: 'x' },
  };
  fc.assert(
    fc.property(worlds, (plain) => {
      const world = { ...plain, wellKnown: [dns] };
      const { evaluate } = createEvaluator(world);
      const { classes, classOf, from } = createReachability(world);
      const service = classes.find(({ type }) => type === 'service')!;
      for (const pod of world.pods) {
        const ports = from(classOf(party(pod))).find(({ party }) => party === service)?.ports ?? [];
        for (const protocol of protocols) {
          const { allowed } = evaluate(party(pod), { address: '203.0.113.200' }, protocol, 53);
          if (protocol !== 'SCTP')
            assert.equal(
              ports.some((range) => range.protocol === protocol),
              allowed,
            );
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('blocks that overlap beyond all measure end in a sentence, not in all of the memory', () => {
  const blocks = Array.from({ length: 4000 }, (_, at) => ({
    cidr: '0.0.0.0/0',
    except: [`10.${at >> 8}.${at & 255}.0/24`],
  }));
  const policies = [
    {
      metadata: { namespace: 'a', name: 'p' },
      spec: { podSelector: {}, ingress: [{ from: blocks.map((ipBlock) => ({ ipBlock })) }] },
    },
  ];
  const empty = { pods: [], namespaces: [], nodes: [], exposures: [], wellKnown: [] };
  assert.throws(() => createReachability({ ...empty, policies }), /4000 ipBlocks that overlap too much/);
  const few = [
    {
      ...policies[0]!,
      spec: { podSelector: {}, ingress: [{ from: policies[0]!.spec.ingress[0]!.from.slice(0, 1000) }] },
    },
  ];
  assert.equal(createReachability({ ...empty, policies: few }).classes.length > 1000, true);
});
