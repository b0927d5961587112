import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { systemClock } from '../foundation/clock.ts';
import { silentLog } from '../foundation/log.ts';
import { createAudit } from '../server/server.ts';
import { verifyAuditLog } from './audit-log.ts';
import { breakGlass } from './break-glass.ts';
import { openAuthority } from './certificates/authority.ts';
import { type Configuration, layout } from './configuration.ts';

const dataDirectory = mkdtempSync(join(tmpdir(), 'rempart-glass-'));
after(() => rmSync(dataDirectory, { recursive: true }));
const configuration = {
  name: 'x',
  dataDirectory,
  runDirectory: dataDirectory,
  apiPort: 6443,
  relaxed: {},
} as unknown as Configuration;
const places = layout(configuration);

test('without a cluster, or without its keys, the refusal says what to do and makes nothing', async () => {
  await assert.rejects(breakGlass(dataDirectory), /Start one with: rempart up/);
  writeFileSync(places.configuration, JSON.stringify(configuration));
  await assert.rejects(breakGlass(dataDirectory), /Run this as root/);
  assert.equal(existsSync(places.pki), false);
  await assert.rejects(verifyAuditLog(dataDirectory), /no audit log/);
});

test('the break-glass kubeconfig is private, in system:masters, and good for an hour', async () => {
  mkdirSync(places.server);
  openAuthority(places.pki, systemClock);
  const { kubeconfig, until } = await breakGlass(dataDirectory);
  assert.equal(statSync(kubeconfig).mode & 0o777, 0o600);
  const { users } = parse(readFileSync(kubeconfig, 'utf8'));
  const certificate = new X509Certificate(Buffer.from(users[0].user['client-certificate-data'], 'base64'));
  assert.match(certificate.subject, /O=system:masters/);
  const minutes = (until.getTime() - Date.now()) / 60_000;
  assert.ok(minutes > 55 && minutes <= 60);
});

test('the audit log of a cluster is said to be whole, and what is wrong where', async () => {
  const audit = createAudit({ directory: places.audit, clock: systemClock, log: silentLog });
  audit.record({ user: { username: 'anna', groups: [] }, verb: 'create', requestURI: '/x', stage: 'Panic' } as never);
  await audit.close();
  assert.deepEqual((await verifyAuditLog(dataDirectory)).problems, []);
  appendFileSync(join(places.audit, 'audit.log'), 'junk\n');
  const { problems } = await verifyAuditLog(dataDirectory);
  assert.deepEqual(problems, [{ file: 'audit.log', line: 2, what: 'is not a line of an audit log' }]);
});

test('an audit log that was removed as a whole is missed', async () => {
  writeFileSync(places.store, '');
  rmSync(places.audit, { recursive: true });
  mkdirSync(places.audit);
  const { lines, problems } = await verifyAuditLog(dataDirectory);
  assert.equal(lines, 0);
  assert.match(problems[0]!.what, /the whole log was removed/);
});
