import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forgetDatagrams, staleDatagrams } from './connections.ts';
import type { Frontend } from './frontends.ts';

const frontend = (address: string | undefined, protocol: 'udp' | 'tcp', ...ips: string[]): Frontend => ({
  service: 's',
  address,
  protocol,
  port: 53,
  backends: ips.map((ip) => ({ ip, port: 5353 })),
  outside: undefined,
  localOnly: false,
  affinitySeconds: undefined,
  sourceRanges: undefined,
});
const flows = (before: Frontend[], after: Frontend[]) =>
  staleDatagrams(before, after).map((filter) => filter.slice(2).join(' '));

test('flows to a backend that went are forgotten, others are left alone', () => {
  const before = [frontend('10.96.0.5', 'udp', '10.244.0.2', '10.244.0.3'), frontend('10.96.0.6', 'tcp', '10.244.0.2')];
  const after = [frontend('10.96.0.5', 'udp', '10.244.0.3')];
  assert.deepEqual(flows(before, after), ['--orig-dst 10.96.0.5 --orig-port-dst 53 --reply-src 10.244.0.2']);
  assert.deepEqual(flows(before, before), []);
});

test('flows that went nowhere are forgotten when there is a backend', () => {
  const empty = [frontend('10.96.0.5', 'udp')];
  const filled = [frontend('10.96.0.5', 'udp', '10.244.0.2')];
  assert.deepEqual(flows(empty, filled), ['--orig-dst 10.96.0.5 --orig-port-dst 53']);
  assert.deepEqual(flows([], filled), ['--orig-dst 10.96.0.5 --orig-port-dst 53']);
});

test('a service that went is forgotten with all its flows, at its node port too', () => {
  assert.deepEqual(flows([frontend(undefined, 'udp', '10.244.0.2')], []), [
    '--orig-port-dst 53 --reply-src 10.244.0.2',
  ]);
});

test('nothing to delete is no failure, anything else is', async () => {
  const answering = (stderr: string) => async () => ({ code: 1, stdout: '', stderr });
  const before = [frontend('10.96.0.5', 'udp', '10.244.0.2')];
  await forgetDatagrams(answering('conntrack: 0 flow entries have been deleted.'), before, []);
  await assert.rejects(forgetDatagrams(answering('Operation not permitted'), before, []), /not permitted/);
});
