import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AuditEvent } from '../../server/server.ts';
import { createCallTap, namesMax } from './calls.ts';

type Asked = Partial<AuditEvent> & { resource?: string; name?: string; allowed?: boolean; username?: string };

function event({ resource = 'pods', name, allowed = true, username = 'anna', ...more }: Asked = {}): AuditEvent {
  return {
    ...{ auditID: 'x', stage: 'ResponseComplete', requestURI: '/api/v1/namespaces/shop/pods?limit=5', verb: 'get' },
    ...{ user: { username, groups: ['dev'] }, sourceIPs: ['192.0.2.1'], responseStatus: { code: allowed ? 200 : 403 } },
    objectRef: { resource, namespace: 'shop', ...(name === undefined ? {} : { name }) },
    ...{ requestReceivedTimestamp: '', stageTimestamp: '' },
    annotations: { 'authorization.k8s.io/decision': allowed ? 'allow' : 'forbid' },
    ...more,
  };
}

test('requests that differ in nothing but time are one, with who, what, whether, from where and how often', () => {
  let nowMs = 1000;
  const tap = createCallTap(() => nowMs);
  tap.record(event({ name: 'web' }));
  nowMs = 2000;
  tap.record(event({ name: 'web' }));
  tap.record(event({ name: 'web', allowed: false }));
  const { calls, addresses } = tap.drain();
  assert.deepEqual(calls, [
    {
      ...{
        user: 'anna',
        groups: ['dev'],
        verb: 'get',
        resource: 'pods',
        group: '',
        subresource: '',
        namespace: 'shop',
      },
      ...{ name: 'web', path: '', allowed: true, firstMs: 1000, lastMs: 2000, count: 2 },
    },
    {
      ...{
        user: 'anna',
        groups: ['dev'],
        verb: 'get',
        resource: 'pods',
        group: '',
        subresource: '',
        namespace: 'shop',
      },
      ...{ name: 'web', path: '', allowed: false, firstMs: 2000, lastMs: 2000, count: 1 },
    },
  ]);
  assert.deepEqual(addresses, [{ address: '192.0.2.1', user: 'anna', firstMs: 1000, lastMs: 2000, count: 3 }]);
  assert.deepEqual(tap.drain(), { calls: [], addresses: [], lost: 0 }, 'told once');
});

test('a stream is one request, and what was refused before it was understood is none', () => {
  const tap = createCallTap(() => 1);
  tap.record(event({ verb: 'watch', stage: 'ResponseStarted' }));
  tap.record(event({ verb: 'watch' }));
  tap.record(event({ annotations: {}, responseStatus: { code: 429 } }));
  tap.record(event({ annotations: {}, username: '', responseStatus: { code: 401 } }));
  assert.deepEqual(
    tap.drain().calls.map(({ verb, user, count }) => [verb, user, count]),
    [
      ['watch', 'anna', 1],
      ['get', '', 1],
    ],
  );
});

test('names and paths are told apart up to the bound, then they are one', () => {
  const tap = createCallTap(() => 1);
  for (let index = 0; index < namesMax; index++) tap.record(event({ name: `n${index}` }));
  tap.record(event());
  assert.equal(tap.drain().calls.length, namesMax + 1, 'what names nothing takes no place');
  for (let index = 0; index < 5; index++) tap.record(event({ name: `new${index}` }));
  tap.record(event({ name: 'n0' }));
  assert.deepEqual(
    tap.drain().calls.map(({ name, count }) => [name, count]),
    [
      ['n0', 1],
      ['*', 5],
    ],
  );
  const ofPath = (requestURI: string) => tap.record({ ...event({ requestURI }), objectRef: undefined });
  for (let index = 0; index < namesMax + 3; index++) ofPath(`/attack/${index}?x=y`);
  const paths = tap.drain().calls.map(({ path }) => path);
  assert.equal(paths.length, namesMax + 1);
  assert.deepEqual([paths[0], paths.at(-1)], ['/attack/0', '*']);
});

test('one user, who makes up what he asks for, leaves room for others', () => {
  const tap = createCallTap(() => 1, { callsMax: 8, addressesMax: 8 });
  for (let index = 0; index < 20; index++) tap.record(event({ resource: `made-up-${index}`, allowed: false }));
  for (const username of ['bob', 'eve', 'kim', 'lee'])
    for (const resource of ['a', 'b']) tap.record(event({ resource, username }));
  const { calls, lost } = tap.drain();
  const countOf = (name: string) => calls.filter(({ user }) => user === name).length;
  assert.deepEqual([countOf('anna'), countOf('bob'), countOf('eve'), countOf('kim'), countOf('lee')], [2, 2, 2, 2, 0]);
  assert.equal(lost, 20);
});

test('N fit; what does not is counted, and room comes back', () => {
  let nowMs = 1;
  const tap = createCallTap(() => nowMs, { callsMax: 8, addressesMax: 8 });
  for (const resource of ['a', 'b', 'c']) tap.record(event({ resource }));
  tap.record(event({ resource: 'a', requestURI: `/${'x'.repeat(2000)}` }));
  const { calls, lost } = tap.drain();
  assert.deepEqual([calls.length, lost], [2, 2]);
  for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3'])
    tap.record(event({ resource: 'a', sourceIPs: [address] }));
  assert.deepEqual([tap.drain().addresses.length, tap.drain().lost], [2, 0]);
  nowMs = 2 * 3_600_000;
  tap.drain();
  tap.record(event({ resource: 'c' }));
  assert.deepEqual(
    tap.drain().calls.map(({ resource }) => resource),
    ['c'],
  );
});
