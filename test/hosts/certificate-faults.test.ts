import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { inProcessClient } from '../../src/client/in-process.ts';
import { openAuthority } from '../../src/cluster/certificates/authority.ts';
import { identities } from '../../src/cluster/certificates/identities.ts';
import { keepRenewed } from '../../src/cluster/certificates/renewal.ts';
import { readServiceAccountKeys } from '../../src/cluster/certificates/service-account-keys.ts';
import { startControlPlane } from '../../src/cluster/control-plane/control-plane.ts';
import { type Clock, manualClock, systemClock } from '../../src/foundation/clock.ts';
import { silentLog } from '../../src/foundation/log.ts';
import { stamp } from '../../src/server/server.ts';
import { openEngine } from '../../src/store/store.ts';

const hourMs = 3600 * 1000;
const directory = mkdtempSync(join(tmpdir(), 'rempart-certificates-'));
after(() => rmSync(directory, { recursive: true, force: true }));

/** The control plane as its process starts it, on the memory engine and by this clock. */
async function start(clock: Clock) {
  const authority = openAuthority(directory, systemClock);
  const tokenKeys = readServiceAccountKeys(directory, systemClock);
  const plane = await startControlPlane({
    engine: await openEngine({ engine: 'memory', stamp, clock }),
    ...{ authority, serving: authority.issue(identities.apiServer(['127.0.0.1'])), clock, log: silentLog },
    ...{ volumesDirectory: '/tmp', podCIDR: '10.244.0.0/16', serviceCIDR: '10.96.0.0/16' },
    configuredMode: () => 'enforce',
    listeners: [{ host: '127.0.0.1', port: 0 }],
    defences: { audit: { ready() {}, record() {} }, allowConnection: () => true, tokenKeys: () => tokenKeys },
    addresses: {
      ...{ apiServiceAddress: '10.96.0.1', dnsServiceAddress: '10.96.0.10' },
      ...{ gatewayAddress: '10.244.0.1', apiPort: 6443 },
    },
  });
  await plane.started;
  return { authority, plane, port: plane.addresses[0]!.port };
}

type Answer = { code: number; body: any; serial: string };

function ask(port: number, path: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent }, (response) => {
      const serial = (response.socket as TLSSocket).getPeerCertificate().serialNumber;
      let text = '';
      response.on('data', (part) => (text += part));
      response.on('end', () => resolve({ code: response.statusCode!, body: JSON.parse(text), serial }));
    }).on('error', reject);
  });
}

test('a renewed serving certificate is seen by new connections; open ones go on', async () => {
  const { authority, plane, port } = await start(systemClock);
  const time = manualClock(Date.now());
  const renewal = keepRenewed({
    clock: time,
    load: () => undefined,
    issue: () => authority.issue(identities.apiServer(['127.0.0.1'])),
    use: plane.setServing,
    failed: (error) => assert.fail(String(error)),
  });
  const agent = () => new Agent({ ca: authority.certificate, keepAlive: true, maxSockets: 1 });
  const [open, fresh] = [agent(), agent()];
  const before = await ask(port, '/version', open);
  time.advance(17 * hourMs);
  const kept = await ask(port, '/version', open);
  const renewed = await ask(port, '/version', fresh);
  assert.equal(kept.serial, before.serial);
  assert.notEqual(renewed.serial, before.serial);
  assert.deepEqual([kept.code, renewed.code], [200, 200]);
  for (const each of [open, fresh]) each.destroy();
  renewal.stop();
  await plane.close();
});

test('a clock that jumps ends certificates by the new time, and neither watches nor the server', async () => {
  let offsetMs = 0;
  const { authority, plane, port } = await start({ ...systemClock, now: () => Date.now() + offsetMs });
  const { certificate, key } = authority.issue({ ...identities.admin(), lifetimeMs: hourMs });
  const agent = new Agent({ ca: authority.certificate, cert: certificate, key, keepAlive: true, maxSockets: 1 });
  const client = inProcessClient(plane.server, 'admin', ['system:masters']);
  const seen: string[] = [];
  const watching = new AbortController();
  const { resourceVersion } = await client.list('configmaps', { namespace: 'default' });
  const options = { namespace: 'default', resourceVersion, signal: watching.signal };
  const watched = client.watch('configmaps', options, ({ type, object }) =>
    seen.push(`${type} ${object.metadata.name}`),
  );
  const write = (name: string) =>
    client.create('configmaps', { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'default', name } });

  assert.equal((await ask(port, '/api/v1/pods', agent)).code, 200);
  await write('before');
  offsetMs = 2 * hourMs;
  // Also on the connection that was open all the time.
  const late = await ask(port, '/api/v1/pods', agent);
  assert.equal(late.code, 401);
  assert.match(late.body.message, /expired at .*check the clocks/);
  await write('ahead');
  offsetMs = -2 * hourMs;
  const early = await ask(port, '/api/v1/pods', agent);
  assert.equal(early.code, 401);
  assert.match(early.body.message, /not valid before .*check the clocks/);
  await write('behind');
  offsetMs = 0;
  assert.equal((await ask(port, '/api/v1/pods', agent)).code, 200);
  watching.abort();
  await watched;
  const own = seen.filter((line) => !line.includes('kube-root-ca.crt'));
  assert.deepEqual(own, ['ADDED before', 'ADDED ahead', 'ADDED behind']);
  agent.destroy();
  await plane.close();
});
