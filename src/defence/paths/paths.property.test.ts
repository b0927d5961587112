import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../../test/property.ts';
import { noObservations } from '../../api/observations/observation.ts';
import { serviceAccountUser } from '../../api/rbac/identity.ts';
import type { UserInfo } from '../../api/user.ts';
import { networkOf } from '../snapshot/network.ts';
import { rolesOf } from '../snapshot/roles.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { anySnapshot } from '../testing/random.ts';
import { pathGraphOf } from './build.ts';
import { costs, type Graph } from './graph.ts';
import { findPaths } from './paths.ts';
import { distancesTo } from './search.ts';

const may = (
  snapshot: Snapshot,
  user: UserInfo,
  verb: string,
  what: string,
  namespace: string,
  name: string,
): boolean => {
  const [resource = '', subresource = ''] = what.split('/');
  const asked = { user, verb, group: '', version: 'v1', resource, subresource, namespace, name };
  return rolesOf(snapshot).index.allowed(asked) !== undefined;
};

const users: [id: string, user: UserInfo][] = [
  ['user:anna', { username: 'anna', groups: ['system:authenticated'] }],
  ...['a', 'b'].flatMap((at) =>
    ['w', 'x', 'y'].map((name): [string, UserInfo] => [`sa:${at}/${name}`, serviceAccountUser(at, name)]),
  ),
];

/** Only hops that rights make, and never by way of another account. */
function directly(graph: Graph, from: string, to: string): boolean {
  const [source, target] = [graph.find(from), graph.find(to)];
  if (source === undefined || target === undefined) return false;
  const others = graph.places.filter(
    ({ type, index }) => index !== source.index && /^(account|user|workload|node)$/.test(type),
  );
  const gains = graph.places.filter(({ id }) => /^(run|cluster-admin|everything|roles|accounts|users)\b/.test(id));
  const without = new Set([...others, ...gains].flatMap(({ index }) => graph.out[index]!));
  return Number.isFinite(distancesTo(graph, [target.index], without).cost[source.index]);
}

test('a Secret is reached by rights alone exactly when the authorizer lets it be read', () => {
  fc.assert(
    fc.property(anySnapshot, (snapshot) => {
      const { graph } = pathGraphOf(snapshot);
      for (const [id, user] of users)
        for (const [at, name] of [
          ['a', 's'],
          ['b', 's'],
          ['b', 't'],
        ] as const) {
          const allowed = ['get', 'list', 'watch'].some((verb) => may(snapshot, user, verb, 'secrets', at, name));
          // An account that nobody wrote down is none.
          if (graph.find(id) !== undefined)
            assert.equal(directly(graph, id, `secret:${at}/${name}`), allowed, `${id} ${at}/${name}`);
        }
    }),
    { numRuns: 200 },
  );
});

test('a token is asked for exactly when the authorizer lets it', () => {
  fc.assert(
    fc.property(anySnapshot, (snapshot) => {
      const { graph } = pathGraphOf(snapshot);
      for (const [id, user] of users)
        for (const [target, of] of users.slice(1)) {
          if (id === target || graph.find(id) === undefined || graph.find(target) === undefined) continue;
          const [, , at = '', name = ''] = of.username.split(':');
          const allowed =
            may(snapshot, user, 'create', 'serviceaccounts/token', at, name) ||
            may(snapshot, user, 'impersonate', 'serviceaccounts', at, name) ||
            may(snapshot, user, 'create', 'pods', at, '') ||
            // A Secret with a token of its own making.
            (may(snapshot, user, 'create', 'secrets', at, '') && may(snapshot, user, 'get', 'secrets', at, ''));
          const source = graph.find(id)!.index;
          const stop = graph.places.filter(
            ({ type, index }) => index !== source && /^(account|user|workload|node|cluster-admin)$/.test(type),
          );
          const gains = graph.places.filter(({ id }) => /^(everything|roles)\b/.test(id));
          const without = new Set([...stop, ...gains].flatMap(({ index }) => graph.out[index]!));
          const found = Number.isFinite(distancesTo(graph, [graph.find(target)!.index], without).cost[source]);
          assert.equal(found, allowed, `${id} as ${target}`);
        }
    }),
    { numRuns: 200 },
  );
});

test('a pod reaches another over the network exactly when the evaluator says so', () => {
  fc.assert(
    fc.property(anySnapshot, (snapshot) => {
      const { graph } = pathGraphOf(snapshot);
      const { world, evaluator } = networkOf(snapshot);
      for (const from of world.pods)
        for (const to of world.pods) {
          if (from === to) continue;
          const [a, b] = [from, to].map(({ namespace, name }) => `${namespace}/${name}`) as [string, string];
          const { allowed } = evaluator.evaluate({ pod: a }, { pod: b }, 'TCP', 8080);
          const [source, target] = [a, b].map((key) => graph.find(`workload:Pod/${key}`)!.index) as [number, number];
          const others = graph.places.filter(({ type, index }) => index !== source && type !== 'between');
          const held = graph.out[source]!.filter(({ to: next }) => !graph.places[next]!.id.startsWith('from:'));
          const without = new Set([...others.flatMap(({ index }) => graph.out[index]!), ...held]);
          const cost = distancesTo(graph, [target], without).cost[source];
          assert.equal(cost, allowed ? costs.flaw : Number.POSITIVE_INFINITY, `${a} to ${b}`);
        }
    }),
    { numRuns: 200 },
  );
});

test('a cut that says so leaves no path, and no cut is found where there is no path', () => {
  let tried = 0;
  fc.assert(
    fc.property(anySnapshot, fc.constantFrom('cluster-admin', 'nodes', 'secrets'), (snapshot, aim) => {
      const start = snapshot.of('Pod')[0];
      const from = start === undefined ? 'internet' : `pod:${start.metadata.namespace}/${start.metadata.name}`;
      const { paths, cut } = findPaths(snapshot, from, aim, noObservations());
      if (paths.length === 0) assert.equal(cut, undefined);
      if (cut !== undefined && cut.proven !== undefined) {
        assert.equal(cut.proven, true, JSON.stringify(cut.levers));
        tried++;
      }
      for (const path of paths) assert.ok(path.cost >= paths[0]!.cost);
    }),
    { numRuns: 300 },
  );
  assert.ok(tried > 20, `only ${tried} cuts were tried`);
});
