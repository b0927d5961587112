import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { manualClock, systemClock } from '../../foundation/clock.ts';
import { openAuthority } from './authority.ts';
import { identities } from './identities.ts';

const directory = mkdtempSync(join(tmpdir(), 'rempart-authority-'));
after(() => rmSync(directory, { recursive: true }));

test('the authority is made once, its key readable by the owner only', () => {
  const first = openAuthority(directory, systemClock);
  const second = openAuthority(directory, systemClock);
  assert.equal(first.certificate, second.certificate);
  assert.equal(statSync(join(directory, 'ca.key')).mode & 0o777, 0o600);
  assert.equal(new X509Certificate(first.certificate).ca, true);
});

test('issued certificates carry user, groups, usages and names, and chain to the authority', () => {
  const authority = openAuthority(directory, systemClock);
  const admin = new X509Certificate(authority.issue(identities.admin()).certificate);
  assert.deepEqual({ ...admin.toLegacyObject().subject }, { O: 'rempart:admins', CN: 'rempart:admin' });
  assert.equal(admin.verify(new X509Certificate(authority.certificate).publicKey), true);
  assert.equal(admin.checkIssued(new X509Certificate(authority.certificate)), true);
  assert.deepEqual(admin.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  const server = new X509Certificate(authority.issue(identities.apiServer(['127.0.0.1', 'fd00::1'])).certificate);
  assert.equal(server.checkIP('127.0.0.1'), '127.0.0.1');
  assert.match(server.subjectAltName ?? '', /IP Address:FD00:0:0:0:0:0:0:1/);
  assert.equal(server.checkHost('kubernetes.default.svc'), 'kubernetes.default.svc');
});

test('TLS 1.3 with both certificates connects, and the server sees the verified client', async () => {
  const authority = openAuthority(directory, systemClock);
  const serving = authority.issue(identities.apiServer(['127.0.0.1']));
  const client = authority.issue(identities.admin());
  const server = createServer(
    {
      key: serving.key,
      cert: serving.certificate,
      ca: authority.certificate,
      requestCert: true,
      minVersion: 'TLSv1.3',
    },
    (incoming, response) => {
      const socket = incoming.socket as TLSSocket;
      response.end(`${socket.authorized} ${socket.getPeerCertificate().subject.CN}`);
    },
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const body = await new Promise<string>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, ca: authority.certificate, cert: client.certificate, key: client.key };
    request({ ...options, agent: false }, (response) => {
      let text = '';
      response.on('data', (part) => (text += part)).on('end', () => resolve(text));
    })
      .on('error', reject)
      .end();
  });
  server.close();
  assert.equal(body, 'true rempart:admin');
});

test('a damaged pair and a clock before the authority are refused with what to do', () => {
  const damaged = mkdtempSync(join(tmpdir(), 'rempart-authority-'));
  const clock = manualClock(Date.UTC(2026, 0, 1));
  openAuthority(damaged, clock);
  assert.throws(() => openAuthority(damaged, manualClock(Date.UTC(2025, 0, 1))), /set the clock/);
  assert.throws(() => openAuthority(damaged, manualClock(Date.UTC(2040, 0, 1))), /expired/);
  writeFileSync(join(damaged, 'ca.key'), readFileSync(join(directory, 'ca.key')));
  assert.throws(() => openAuthority(damaged, clock), /do not belong together/);
  rmSync(damaged, { recursive: true });
});
