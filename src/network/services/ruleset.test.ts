import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Frontend } from './frontends.ts';
import { serviceTable } from './ruleset.ts';

const networks = { podCIDR: '10.244.0.0/24', clusterCIDR: '10.244.0.0/16', serviceCIDR: '10.96.0.0/16' };
const backend = (number: number) => ({ ip: `10.244.0.${number}`, port: 8080 });
const frontend = (changes: Partial<Frontend>): Frontend => ({
  service: 'shop/web:tcp:80',
  address: '10.96.0.5',
  protocol: 'tcp',
  port: 80,
  backends: [backend(2), backend(3)],
  outside: undefined,
  localOnly: false,
  affinitySeconds: undefined,
  sourceRanges: undefined,
  ...changes,
});
const elements = (frontends: Frontend[], set: string) =>
  [...serviceTable('t', frontends, networks).sets.get(set)!.elements].map(([key, value]) =>
    value ? `${key} : ${value}` : key,
  );
const chainNames = (frontends: Frontend[]) => [...serviceTable('t', frontends, networks).chains.keys()];

test('a destination chooses a draw, a draw a backend', () => {
  assert.deepEqual(elements([frontend({})], 'pick'), ['10.96.0.5 . tcp . 80 : goto draw_2']);
  assert.deepEqual(elements([frontend({})], 'endpoints'), [
    '10.96.0.5 . tcp . 80 . 0 : 10.244.0.2 . 8080',
    '10.96.0.5 . tcp . 80 . 1 : 10.244.0.3 . 8080',
  ]);
});

test('chains grow with distinct numbers of backends, not with services', () => {
  const many = Array.from({ length: 500 }, (_, index) => frontend({ address: `10.96.1.${index % 250}`, port: index }));
  assert.equal(chainNames(many).length, chainNames([frontend({})]).length);
});

test('what nobody answers is refused, and dropped where only local backends would do', () => {
  assert.deepEqual(elements([frontend({ backends: [] })], 'refused'), ['10.96.0.5 . tcp . 80']);
  assert.deepEqual(elements([frontend({ backends: [], address: undefined, port: 30080 })], 'node_refused'), [
    'tcp . 30080',
  ]);
  assert.deepEqual(elements([frontend({ backends: [], localOnly: true })], 'pick'), ['10.96.0.5 . tcp . 80 : drop']);
});

test('the outside draws from its own list, or from none', () => {
  const node = { address: undefined, port: 30080 };
  const some = [frontend({ ...node, outside: [backend(3)] })];
  assert.deepEqual(elements(some, 'node_pick_outside'), ['tcp . 30080 : goto node_draw_outside_1']);
  assert.ok(elements(some, 'node_endpoints').includes('tcp . 30080 . 1048576 : 10.244.0.3 . 8080'));
  assert.deepEqual(elements([frontend({ ...node, outside: [] })], 'node_pick_outside'), ['tcp . 30080 : drop']);
});

test('the first to claim an address keeps it', () => {
  const second = frontend({ backends: [backend(9)] });
  assert.equal(elements([frontend({}), second], 'endpoints').length, 2);
});

test('affinity is remembered per backend, shared by all ways into one service, and bounded', () => {
  const table = serviceTable(
    't',
    [frontend({ affinitySeconds: 60 }), frontend({ affinitySeconds: 60, address: undefined, port: 30080 })],
    networks,
  );
  const clients = [...table.sets].filter(([name]) => name.startsWith('client_'));
  assert.equal(clients.length, 2);
  assert.equal(clients[0]![1].header, 'type ipv4_addr; size 65535; flags dynamic,timeout;');
  const [way] = table.sets.get('pick')!.elements.values();
  assert.deepEqual([...table.sets.get('node_pick')!.elements.values()], [way]);
});

test('clients that a load balancer does not admit are dropped before they are routed', () => {
  const sourceRanges = [{ first: 0xcb007100, last: 0xcb0071ff }];
  const limited = [frontend({ address: '198.51.100.7', sourceRanges })];
  assert.deepEqual(elements(limited, 'restricted'), ['198.51.100.7 . tcp . 80']);
  assert.deepEqual(elements(limited, 'sources'), ['203.0.113.0-203.0.113.255 . 198.51.100.7 . tcp . 80']);
});
