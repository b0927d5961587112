import assert from 'node:assert/strict';
import { copyFileSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { cannotRunContainers, eventually, type Outcome, run, testCluster } from './cluster.ts';
import { commandLine, containerdOf, leftovers, processOf, supervisorOf } from './processes.ts';

const cluster = testCluster(7);
const skip = cannotRunContainers;
const store = join(cluster.dataDirectory, 'server/store.db');
const both = () => [supervisorOf(cluster, 'server'), supervisorOf(cluster, 'agent')];
const succeeds = ({ code, stdout, stderr }: Outcome) => assert.equal(code, 0, stdout + stderr);
const onDisk = (text: string) =>
  [store, `${store}-wal`].some((file) => existsSync(file) && readFileSync(file).includes(text));
/** As it stands in the stored object. */
const value = Buffer.from('correct horse battery').toString('base64');

before(async () => {
  if (skip) return;
  succeeds(await cluster.up());
  await cluster.tryKubectl(['create', 'secret', 'generic', 'more', '--from-literal=a=correct horse battery']);
});
after(() => (skip ? undefined : cluster.remove()));

test('a second up leaves alone what runs', { skip }, async () => {
  const pids = both();
  succeeds(await cluster.up());
  assert.deepEqual(both(), pids);
});

test('rotated keys: the server goes on, secrets are sealed anew, tokens of before stay good', { skip }, async () => {
  const keys = () => JSON.parse(readFileSync(join(cluster.dataDirectory, 'server/encryption-keys.json'), 'utf8')).keys;
  const token = (await cluster.kubectl('create token default')).trim();
  const [pid, old] = [processOf(cluster, 'server'), keys()];
  succeeds(await cluster.rempart('rotate-keys'));
  assert.equal(processOf(cluster, 'server'), pid);
  assert.equal(keys().length, 1);
  assert.notDeepEqual(keys(), old);
  assert.ok(!onDisk(value));
  assert.equal(await cluster.kubectl('get secret more -o jsonpath={.data.a}'), value);
  const authority = ['--certificate-authority', join(cluster.dataDirectory, 'server/pki/ca.crt')];
  const server = ['--server', `https://127.0.0.1:${cluster.apart[1]}`, '--token', token];
  const who = await run('kubectl', ['--kubeconfig=/dev/null', ...authority, ...server, 'auth', 'whoami']);
  assert.match(who.stdout, /system:serviceaccount:default:default/);
});

test('an authority that was moved away: every certificate is new, and one of before opens nothing', {
  skip,
}, async () => {
  const old = join(cluster.dataDirectory, 'old.kubeconfig');
  copyFileSync(cluster.kubeconfig, old);
  for (const name of ['ca.crt', 'ca.key'])
    renameSync(join(cluster.dataDirectory, 'server/pki', name), join(cluster.dataDirectory, `old-${name}`));
  const pids = both();
  succeeds(await cluster.up());
  for (const [index, pid] of both().entries()) assert.notEqual(pid, pids[index]);
  assert.match(await cluster.kubectl('get nodes'), / Ready /);
  const trusting = ['get', 'nodes', '--insecure-skip-tls-verify', '--certificate-authority='];
  const refused = await cluster.tryKubectl(trusting, { env: { KUBECONFIG: old } });
  assert.equal(refused.code, 1, refused.stdout);
  assert.match(refused.stderr, /not issued by this cluster|must be logged in|Unauthorized/);
});

test('a changed choice takes effect on a running cluster, and only what reads it restarts', { skip }, async () => {
  const [server, agent] = both();
  succeeds(await cluster.up('--relax', 'secret-encryption=off'));
  assert.notEqual(both()[0], server);
  assert.equal(both()[1], agent);
  assert.equal(await cluster.kubectl('get protection secret-encryption -o jsonpath={.spec.mode}'), 'off');
  await eventually('secrets are plain', async () => onDisk(value));
  succeeds(await cluster.up('--relax', 'secret-encryption=enforce'));
  await eventually('secrets are sealed', async () => !onDisk(value));
});

test('--restart, and another program, start server and agent again; containerd goes on', { skip }, async () => {
  const containerd = containerdOf(cluster);
  for (const otherProgram of [false, true]) {
    const pids = both();
    for (const name of ['server', 'agent']) {
      const file = join(cluster.runDirectory, 'processes', `${name}.pid`);
      const [pid, started] = readFileSync(file, 'utf8').split(' ');
      // As a version before would have written it.
      if (otherProgram) writeFileSync(file, `${pid} ${started} 0123456789abcdef\n`);
    }
    succeeds(await cluster.up(...(otherProgram ? [] : ['--restart'])));
    for (const [index, pid] of both().entries()) assert.notEqual(pid, pids[index]);
    assert.equal(containerdOf(cluster), containerd);
  }
});

test('after the machine crashed up works: nothing runs, files of before are still there', { skip }, async () => {
  // Supervisors first: they would start the others again.
  const marks = [cluster.dataDirectory, cluster.runDirectory];
  const pids = readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && pid !== process.pid);
  const ours = pids.filter((pid) => marks.some((mark) => commandLine(pid).includes(mark)));
  const supervisors = ours.filter((pid) => commandLine(pid).includes('supervise.sh'));
  for (const pid of [...supervisors, ...ours]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {} // it was a child of one before
  }
  // A pid file whose pid and start time are somebody else's now.
  const started = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ')[19];
  writeFileSync(join(cluster.runDirectory, 'processes/server.pid'), `${process.pid} ${started} 0\n`);
  succeeds(await cluster.up());
  assert.match((await cluster.rempart('status')).stdout, /server +runs/);
});

test('a node whose /run is empty after a boot comes up again', { skip }, async () => {
  succeeds(await cluster.rempart('down'));
  rmSync(cluster.runDirectory, { recursive: true, force: true });
  succeeds(await cluster.up());
  assert.equal(await cluster.kubectl('get secret more -o jsonpath={.data.a}'), value);
});

test('a damaged store is said with the end of the log; down twice leaves nothing running', { skip }, async () => {
  succeeds(await cluster.rempart('down'));
  const status = await cluster.rempart('status');
  assert.equal(status.code, 1);
  assert.match(status.stdout, /server +does not run/);
  const whole = readFileSync(store);
  writeFileSync(store, Buffer.alloc(8192, 'x'));
  const refused = await cluster.up();
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /The end of .*server\.log:[\s\S]*store\.db is not a database, or is damaged/);
  succeeds(await cluster.rempart('down'));
  writeFileSync(store, whole);
  succeeds(await cluster.rempart('down'));
  assert.deepEqual(await leftovers(cluster), []);
});
