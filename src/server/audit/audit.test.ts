import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../../foundation/clock.ts';
import { silentLog } from '../../foundation/log.ts';
import type { AuditEvent } from '../contracts.ts';
import { createAudit } from './audit.ts';
import { openAuditFiles } from './files.ts';
import { auditLine, hashOf } from './lines.ts';
import { isRecorded } from './policy.ts';
import { verifyAudit } from './verify.ts';

const made: string[] = [];
after(() => {
  for (const directory of made) rmSync(directory, { recursive: true });
});

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'rempart-audit-'));
  made.push(directory);
  return directory;
}

const event = (more: Partial<AuditEvent> = {}): AuditEvent => ({
  ...{ auditID: 'id', stage: 'ResponseComplete', requestURI: '/api/v1/namespaces/a/pods', verb: 'create' },
  ...{ user: { username: 'anna', groups: [] }, sourceIPs: ['127.0.0.1'], responseStatus: { code: 201 } },
  ...{ objectRef: { resource: 'pods', namespace: 'a' } },
  ...{ requestReceivedTimestamp: '2026-01-01T00:00:00Z', stageTimestamp: '2026-01-01T00:00:00Z' },
  ...more,
});

const openLog = (directory: string, more: object = {}) =>
  createAudit({ directory, clock: systemClock, log: silentLog, ...more });

/** Another process opens the log and writes one line. */
async function goOn(directory: string, line = event(), more: object = {}) {
  const audit = openLog(directory, more);
  audit.record(line);
  await audit.close();
}

async function written(count: number, more: object = {}) {
  const directory = newDirectory();
  const audit = openLog(directory, more);
  for (let number = 0; number < count; number++) {
    audit.record(event({ auditID: `id-${number}` }));
    if (number % 10 === 9) await audit.flush();
  }
  await audit.close();
  const file = join(directory, 'audit.log');
  const lines = () => readFileSync(file, 'utf8').trimEnd().split('\n');
  const write = (list: string[]) => writeFileSync(file, `${list.join('\n')}\n`);
  return { directory, file, lines, write, problems: async () => (await verifyAudit(directory)).problems };
}

test('what was recorded is there, in order, readable by the owner only, and verifies', async () => {
  const { directory, file, lines, problems } = await written(25);
  const events = lines().map((line) => JSON.parse(line));
  assert.deepEqual(
    events.map(({ auditID }) => auditID),
    Array.from({ length: 25 }, (_, number) => `id-${number}`),
  );
  assert.equal(events[0].kind, 'Event');
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(await problems(), []);
  assert.equal((await verifyAudit(directory)).lines, 25);
});

test('lines that come while others, or the head, are written are not left behind', async () => {
  const directory = newDirectory();
  const audit = openLog(directory);
  for (let number = 0; number < 3000; number++) {
    audit.record(event());
    if (number % 3 === 0) await new Promise(setImmediate);
  }
  await audit.flush();
  assert.deepEqual(await verifyAudit(directory), { lines: 3000, problems: [] });
  await audit.close();
});

test('an altered line is found', async () => {
  const { lines, write, problems } = await written(5);
  write(lines().map((line, index) => (index === 2 ? line.replace('anna', 'evil') : line)));
  assert.match((await problems())[0]!.what, /altered/);
});

test('an altered last line is found', async () => {
  const { lines, write, problems } = await written(5);
  write(lines().map((line, index) => (index === 4 ? line.replace('anna', 'evil') : line)));
  assert.match((await problems())[0]!.what, /last line was altered/);
});

test('removed, inserted and swapped lines are found', async () => {
  for (const change of [
    (lines: string[]) => lines.toSpliced(2, 1),
    (lines: string[]) => lines.toSpliced(0, 1),
    (lines: string[]) => lines.toSpliced(2, 0, lines[0]!),
    (lines: string[]) => lines.toSpliced(1, 2, lines[2]!, lines[1]!),
    (lines: string[]) => lines.toSpliced(2, 0, 'junk'),
  ]) {
    const { lines, write, problems } = await written(5);
    write(change(lines()));
    assert.notDeepEqual(await problems(), [], change.toString());
  }
});

test('a cut-off end is found, also after the log was continued, and an emptied log too', async () => {
  const { directory, lines, write, problems } = await written(5);
  write(lines().slice(0, 3));
  assert.match((await problems())[0]!.what, /ends at number 3, but 5 was written/);
  await goOn(directory);
  assert.match((await problems()).map(({ what }) => what).join(), /the lines 4 to 5 are missing/);
  rmSync(join(directory, 'audit.log'));
  assert.match((await problems())[0]!.what, /cut off/);
});

test('a line that a crash left unfinished is dropped, and the chain goes on', async () => {
  const { directory, file, problems } = await written(5);
  writeFileSync(file, `${readFileSync(file, 'utf8')}{"kind":"Event","lev`);
  await goOn(directory);
  assert.deepEqual(await problems(), []);
  assert.equal((await verifyAudit(directory)).lines, 6);
});

test('an unfinished line of any length is all that is dropped', async () => {
  const { directory, file, problems } = await written(5);
  writeFileSync(file, `${readFileSync(file, 'utf8')}{"kind":"Event","userAgent":"${'x'.repeat(3 << 20)}`);
  await goOn(directory, event({ userAgent: 'x'.repeat(3 << 20) }));
  await goOn(directory);
  assert.deepEqual(await problems(), []);
  assert.equal((await verifyAudit(directory)).lines, 7);
});

test('lines are in the log once, also when the head cannot be written after a part was closed', async () => {
  const directory = newDirectory();
  const files = openAuditFiles({ directory, fileBytesMax: 1, filesMax: 4 });
  let { hash } = files.end;
  const line = (sequence: number) => {
    const text = auditLine(event(), { sequence, previous: hash });
    hash = hashOf(text);
    return { text, sequence, hash };
  };
  await files.append([line(1)]);
  mkdirSync(join(directory, 'audit.head'));
  const second = [line(2)];
  await assert.rejects(files.append(second));
  rmSync(join(directory, 'audit.head'), { recursive: true });
  await files.append(second);
  await files.writeHead();
  await files.close();
  assert.deepEqual(await verifyAudit(directory), { lines: 2, problems: [] });
});

test('rotation bounds the disk, keeps the chain across parts, and a removed part is found', async () => {
  const { directory, problems } = await written(200, { fileBytesMax: 5000, filesMax: 4 });
  const parts = () => readdirSync(directory).filter((name) => name.startsWith('audit-'));
  assert.equal(parts().length, 3);
  assert.deepEqual(await problems(), []);
  await goOn(directory, event(), { fileBytesMax: 5000, filesMax: 4 });
  assert.deepEqual(await problems(), []);
  rmSync(join(directory, parts().sort()[0]!));
  assert.match((await problems())[0]!.what, /lines were removed/);
});

test('while the log cannot be written requests are refused, and nothing is lost when it can be again', async () => {
  const directory = newDirectory();
  const timers: (() => void)[] = [];
  const clock = {
    ...systemClock,
    after: (_delayMs: number, callback: () => void) => {
      timers.push(callback);
      return () => {};
    },
  };
  rmSync(directory, { recursive: true });
  const audit = openLog(directory, { clock });
  rmSync(directory, { recursive: true });
  audit.ready();
  audit.record(event());
  await until(() => timers.length > 0);
  assert.throws(() => audit.ready(), /cannot be written \(ENOENT/);
  audit.record(event());
  writeDirectory(directory);
  timers.shift()!();
  await audit.flush();
  await until(() => isReady(audit));
  await audit.close();
  const verdict = await verifyAudit(directory);
  assert.deepEqual(verdict, { lines: 2, problems: [] });
});

test('lines that could not be written when the log is closed are told', async () => {
  const directory = newDirectory();
  const told: unknown[] = [];
  const log = { ...silentLog, error: (message: string, fields?: object) => void told.push([message, fields]) };
  const audit = openLog(directory, { log });
  rmSync(directory, { recursive: true });
  audit.record(event());
  await until(() => !isReady(audit));
  audit.record(event());
  await audit.close();
  assert.deepEqual(told.at(-1), ['the audit log is closed without what could not be written', { lines: 2 }]);
  writeDirectory(directory);
});

test('a full disk lets reads go on and refuses the rest; what they did is written when there is room', async (context) => {
  const directory = newDirectory();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    return context.skip('mounting a small disk needs root');
  }
  try {
    const clock = { ...systemClock, after: (_delayMs: number, again: () => void) => systemClock.after(5, again) };
    const audit = openLog(directory, { clock });
    writeFileSync(join(directory, 'ballast'), Buffer.alloc(56 << 10));
    await until(() => {
      if (isReady(audit)) audit.record(event());
      return !isReady(audit);
    });
    assert.throws(() => audit.ready(), /disk is full, free disk space/);
    audit.ready(true);
    audit.record(event({ verb: 'get' }));
    audit.record(event({ user: { username: '', groups: [] }, responseStatus: { code: 503 } }));
    rmSync(join(directory, 'ballast'));
    await until(() => isReady(audit));
    await audit.close();
    const { problems } = await verifyAudit(directory);
    assert.deepEqual(problems, []);
    const last = readFileSync(join(directory, 'audit.log'), 'utf8').trimEnd().split('\n').at(-1)!;
    assert.equal(JSON.parse(last).verb, 'get');
  } finally {
    execFileSync('umount', ['--lazy', directory]);
  }
});

test('when too much waits for the disk requests are refused', async () => {
  const audit = openLog(newDirectory(), { pendingBytesMax: 1000 });
  for (let number = 0; number < 64; number++) {
    audit.ready();
    audit.record(event());
  }
  assert.throws(() => audit.ready(), /too much waits/);
  await audit.flush();
  audit.ready();
  await audit.close();
});

test('break-glass use and impersonation are marked, quiet reads are not written', async () => {
  const directory = newDirectory();
  const audit = openLog(directory);
  const user = { username: 'rempart:break-glass', groups: ['system:masters'] };
  audit.record(event({ verb: 'get', user }));
  audit.record(event({ user: { username: 'bob', groups: [], impersonatedBy: { username: 'anna', groups: [] } } }));
  const scheduler = { username: 'system:kube-scheduler', groups: [] };
  audit.record(event({ verb: 'list', user: scheduler }));
  audit.record(event({ verb: 'list', user: scheduler, objectRef: { resource: 'secrets' } }));
  audit.record(event({ verb: 'list', user: scheduler, responseStatus: { code: 403 } }));
  audit.record(event({ verb: 'get', objectRef: undefined, requestURI: '/healthz?verbose' }));
  await audit.close();
  const events = readFileSync(join(directory, 'audit.log'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(events.length, 4);
  assert.equal(events[0].annotations['rempart.io/break-glass'], 'true');
  assert.deepEqual([events[1].user.username, events[1].impersonatedUser.username], ['anna', 'bob']);
  assert.deepEqual([events[2].objectRef.resource, events[3].responseStatus.code], ['secrets', 403]);
});

test('nobody stays unseen as a component, and what hides something is written of everybody', () => {
  const anna = { username: 'anna', groups: [] };
  const node = { username: 'system:node:n1', groups: ['system:nodes'] };
  const master = { username: 'rempart:break-glass', groups: ['system:masters'] };
  const read = (more: Partial<AuditEvent>) =>
    isRecorded(event({ verb: 'get', responseStatus: { code: 200 }, ...more }));
  assert.equal(read({ user: node }), false);
  assert.equal(read({ user: { ...node, impersonatedBy: anna } }), true);
  const events = { resource: 'events', namespace: 'a' };
  assert.equal(read({ user: { ...anna, impersonatedBy: master }, objectRef: events }), true);
  assert.equal(read({ user: anna, verb: 'create', objectRef: events }), false);
  for (const verb of ['delete', 'deletecollection'])
    assert.equal(read({ user: anna, verb, objectRef: events }), true, verb);
  for (const subresource of ['exec', 'attach', 'portforward', 'proxy'])
    assert.equal(read({ user: node, objectRef: { resource: 'pods', namespace: 'a', subresource } }), true, subresource);
});

function isReady(audit: { ready(): void }): boolean {
  try {
    audit.ready();
    return true;
  } catch {
    return false;
  }
}

const writeDirectory = (directory: string) => {
  openLog(directory);
};

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !condition(); turn++) await new Promise((resolve) => setTimeout(resolve, 2));
  assert.ok(condition());
}
