import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  apiServiceAddress,
  clusterId,
  configure,
  dnsServiceAddress,
  gatewayAddress,
  layout,
  nodePodCIDR,
  readConfiguration,
  readServerConfiguration,
  writeConfiguration,
} from './configuration.ts';

const dataDirectory = mkdtempSync(join(tmpdir(), 'rempart-configuration-'));
after(() => rmSync(dataDirectory, { recursive: true, force: true }));

test('what was chosen once is kept, and what is chosen again replaces it', () => {
  writeConfiguration(configure({ dataDirectory, apiPort: 7443, relax: ['audit'] }));
  const again = configure({ dataDirectory, relax: ['pod-security=baseline'] });
  assert.equal(again.apiPort, 7443);
  assert.deepEqual(again.relaxed, { audit: 'off', 'pod-security': 'baseline' });
  assert.equal(configure({ dataDirectory, relax: ['audit=enforce'] }).relaxed['audit'], 'enforce');
});

test('addresses follow from the ranges', () => {
  const configuration = configure({
    dataDirectory: `${dataDirectory}/other`,
    podCIDR: '10.9.0.0/16',
    serviceCIDR: '10.8.0.0/16',
  });
  assert.equal(gatewayAddress(configuration), '10.9.0.1');
  assert.equal(nodePodCIDR(configuration), '10.9.0.0/24');
  assert.equal(apiServiceAddress(configuration), '10.8.0.1');
  assert.equal(dnsServiceAddress(configuration), '10.8.0.10');
});

test('clusters in other directories have other names, identifiers and run directories', () => {
  const [one, other] = ['/srv/one', '/srv/other'].map((directory) => configure({ dataDirectory: directory }));
  assert.notEqual(clusterId(one!), clusterId(other!));
  assert.notEqual(one!.runDirectory, other!.runDirectory);
  assert.notEqual(one!.name, other!.name);
  assert.equal(clusterId({ dataDirectory: '/var/lib/rempart' }), 'main');
});

test('choices that make no sense are refused with what to do', () => {
  const refused = (choices: object, message: RegExp) =>
    assert.throws(() => configure({ dataDirectory: '/srv/x', ...choices }), message);
  refused({ apiPort: 443 }, /not root, so choose a port from 1024/);
  refused({ apiPort: Number.NaN }, /--port/);
  for (const apiPort of [29_999, 32_767]) refused({ apiPort }, /must not be among those of Services, 30000 to 32767/);
  for (const apiPort of [29_998, 32_768]) assert.ok(configure({ dataDirectory: '/srv/x', apiPort }));
  refused({ listen: ['192.0.2.1'] }, /--allow-from CIDR/);
  refused({ listen: ['example'] }, /not an IPv4 address/);
  refused({ allowFrom: ['192.0.2.1'] }, /not a range/);
  refused({ relax: ['nonsense'] }, /no such protection\. There are: api-on-loopback/);
  refused({ relax: ['audit=privileged'] }, /audit can be enforce, off/);
  refused({ relax: ['break-glass'] }, /how break-glass is relaxed: not at all/);
  refused({ relax: ['api-on-loopback'] }, /how api-on-loopback is relaxed: --listen ADDRESS/);
  refused({ podCIDR: '10.0.0.0/25' }, /between a \/8 and a \/24/);
  refused({ podCIDR: '10.0.0.0/7' }, /between a \/8 and a \/24/);
  refused({ podCIDR: '10.244.1.0/16' }, /first address of its range, 10\.244\.0\.0$/);
  refused({ podCIDR: '10.96.4.0/24' }, /10\.96\.4\.0\/24.*10\.96\.0\.0\/16.*do not overlap/);
  refused({ podCIDR: '10.0.0.0/8' }, /do not overlap/);
});

test('the ranges of a cluster that exists cannot change', () => {
  writeConfiguration(configure({ dataDirectory }));
  assert.throws(() => configure({ dataDirectory, podCIDR: '10.1.0.0/16' }), /down --purge/);
});

test('the configuration is for root alone, and a copy of it for the API server', () => {
  const configuration = configure({ dataDirectory });
  writeConfiguration(configuration);
  const { configuration: file, serverConfiguration } = layout(configuration);
  for (const place of [file, serverConfiguration]) assert.equal(statSync(place).mode & 0o777, 0o600, place);
  assert.deepEqual(readServerConfiguration(dataDirectory), configuration);
});

test('no cluster is not an error, a broken file is', () => {
  assert.equal(readConfiguration(join(dataDirectory, 'nothing')), undefined);
});
