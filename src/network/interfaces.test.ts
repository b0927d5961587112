import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cniConfig, machineAddresses, namesOf } from './interfaces.ts';

test('names carry the cluster, and fit into what the kernel allows', () => {
  assert.deepEqual(namesOf('main'), {
    interfaceName: 'rp-main',
    servicesTable: 'rempart_main_services',
    policiesTable: 'rempart_main_policies',
    connectionsTable: 'rempart_main_connections',
  });
  assert.equal(namesOf('abcdef01234').interfaceName.length, 14);
  for (const bad of ['', 'Main', 'a-b', 'x; flush ruleset', 'abcdefghijkl'])
    assert.throws(() => namesOf(bad), RangeError);
});

test('pods get one routed interface and an address of the range, remembered in the state directory', () => {
  const config = JSON.parse(cniConfig({ podCIDR: '10.244.0.0/24', stateDirectory: '/run/x', mtuBytes: 1450 }));
  assert.deepEqual(
    config.plugins.map(({ type }: { type: string }) => type),
    ['ptp'],
  );
  assert.equal(config.plugins[0].mtu, 1450);
  assert.equal(config.plugins[0].ipam.dataDir, '/run/x/addresses');
});

test('loopback is no address of the machine', () => {
  assert.ok(!machineAddresses().includes('127.0.0.1'));
});
