import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CompiledDirection, CompiledPod } from '../../policy/policy.ts';
import { recordedSets } from '../observations/recording.ts';
import { policyTable } from './ruleset.ts';

const networks = { podCIDR: '10.244.0.0/24', clusterCIDR: '10.244.0.0/16', gatewayAddress: '10.244.0.1' };
const open: CompiledDirection = { open: true, by: ['off'], rules: [] };
const closed = (rules: CompiledDirection['rules'], by = ['shop/db']): CompiledDirection => ({ open: false, by, rules });
const table = (...compiled: CompiledPod[]) =>
  policyTable(
    't',
    compiled.map((compiled, index) => ({ ip: `10.244.0.${index + 2}`, interfaceName: `veth${index}`, compiled })),
    [],
    networks,
  );
/** The rules of the first pod's ingress. */
function ingress(direction: CompiledDirection): string[] {
  const made = table({ ingress: direction, egress: open });
  return made.chains.get(made.sets.get('ingress')!.elements.get('10.244.0.2')!.replace('jump ', ''))!.rules;
}

test('a rule is a set of peers and the ports of one protocol; what none allows is counted and dropped', () => {
  const rules = ingress(
    closed([
      {
        peers: { type: 'addresses', id: 'front', addresses: [0x0af40005] },
        ports: [
          { protocol: 'TCP', first: 80, last: 90 },
          { protocol: 'TCP', first: 85, last: 95 },
          { protocol: 'TCP', first: 443, last: 443 },
          { protocol: 'UDP', first: 0, last: 65_535 },
        ],
      },
      { peers: undefined, ports: undefined },
    ]),
  );
  assert.equal(rules.length, 4);
  assert.match(
    rules[0]!,
    /^ct original ip saddr @pods_\w+ meta l4proto tcp ct reply proto-src \{ 80-95, 443 \} return$/,
  );
  assert.match(rules[1]!, /^ct original ip saddr @pods_\w+ meta l4proto udp return$/);
  assert.equal(rules[2], 'return');
  assert.equal(rules[3], 'counter drop comment "shop/db"');
});

test('no rule at all drops everything, an open direction nothing', () => {
  assert.deepEqual(ingress(closed([], ['deny'])), ['counter drop comment "deny"']);
  assert.deepEqual(ingress(open), []);
});

test('pods with the same rules share chains, and pods of one namespace one set', () => {
  const peers = { type: 'addresses' as const, id: 'all of shop', addresses: [1, 2, 3] };
  const pods = Array.from({ length: 50 }, () => ({ ingress: closed([{ peers, ports: undefined }]), egress: open }));
  const made = table(...pods);
  assert.equal([...made.chains.keys()].filter((name) => name.startsWith('ingress_')).length, 1);
  assert.equal([...made.sets.keys()].filter((name) => name.startsWith('pods_')).length, 1);
});

test('a set of peers keeps its name when its members change, blocks are named by content', () => {
  const names = (rule: CompiledDirection['rules'][number]) =>
    [...table({ ingress: closed([rule]), egress: open }).sets.keys()].filter((name) => /^(pods|blocks)_/.test(name));
  const addresses = (...members: number[]) =>
    names({ peers: { type: 'addresses', id: 'x', addresses: members }, ports: undefined });
  assert.deepEqual(addresses(1), addresses(1, 2));
  const ranges = names({ peers: { type: 'ranges', id: '[[1,9]]', ranges: [{ first: 1, last: 9 }] }, ports: undefined });
  assert.match(ranges.join(), /^blocks_/);
});

test('of a pod that nobody has told of the interface is guarded all the same', () => {
  const { sets } = policyTable('t', [], [], networks, ['veth7']);
  assert.deepEqual([...sets.get('pod_interfaces')!.elements.keys()], ['"veth7"']);
  assert.deepEqual([...sets.get('pod_addresses')!.elements.keys()], []);
});

test('many policies make a comment that nft can still hold', () => {
  const [rule] = ingress(
    closed(
      [],
      Array.from({ length: 40 }, (_, index) => `namespace/policy-${index}`),
    ),
  );
  assert.ok(rule!.match(/"(.*)"/)![1]!.length <= 120);
});

test('nothing is recorded unless it is wanted; what is recorded is dropped all the same', () => {
  const direction = closed([]);
  const made = (observed: boolean) =>
    policyTable(
      't',
      [{ ip: '10.244.0.2', interfaceName: 'veth0', compiled: { ingress: direction, egress: direction } }],
      [],
      { ...networks, observed },
    );
  const [without, recorded] = [made(false), made(true)];
  assert.equal(without.counters.size, 0);
  const recordedNames = Object.keys(recordedSets);
  assert.ok(!recordedNames.some((name) => without.sets.has(name)));
  assert.ok(recordedNames.every((name) => recorded.sets.has(name)));
  const rules = (table: typeof recorded) => [...table.chains.values()].flatMap((chain) => chain.rules);
  const drops = (table: typeof recorded) => rules(table).filter((rule) => rule.includes('counter drop'));
  assert.deepEqual(drops(recorded), drops(without));
});

test('an error about a connection passes from a pod only when it is about one of its own', () => {
  const { chains } = policyTable('t', [], [], networks);
  for (const name of ['forward', 'pod_to_node'])
    assert.deepEqual(
      chains.get(name)!.rules.filter((rule) => rule.includes('related')),
      ['meta l4proto icmp ct state related goto related'],
    );
  assert.deepEqual(chains.get('related')!.rules, [
    'iifname != @pod_interfaces accept',
    'ip saddr . ct original ip saddr @self accept',
    'ip saddr . ct reply ip saddr @self accept',
    'counter drop comment "about a connection of others"',
  ]);
});
