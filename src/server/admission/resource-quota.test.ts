import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { master, namespace, pod, serviceAccount, startDefended } from '../testing/defended.ts';

const server = await startDefended();
after(() => server.stop());

const quota = (where: string, spec: object) => ({
  ...{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'quota', namespace: where }, spec },
});
async function limited(where: string, spec: object) {
  await server.make(namespace(where), serviceAccount(where, 'default'), quota(where, spec));
  return (object: any) => server.ask(master, 'POST', `/namespaces/${where}/${object.kind.toLowerCase()}s`, object);
}
const requests = (cpu: string) => ({ resources: { requests: { cpu } } });

test('of many pods at once exactly as many are admitted as the quota allows', async () => {
  const create = await limited('many', { hard: { pods: '7' } });
  const answers = await Promise.all(Array.from({ length: 40 }, (_, index) => create(pod(`p${index}`, {}, {}, 'many'))));
  assert.equal(answers.filter(({ code }) => code === 201).length, 7);
  const refused = answers.find(({ code }) => code === 403)!;
  assert.match(refused.body.message, /exceeded quota: quota, requested: pods=1, used: pods=7, limited: pods=7/);
});

test('what was deleted, and what was refused for another reason, does not count', async () => {
  const create = await limited('back', { hard: { pods: '1' } });
  assert.equal((await create(pod('one', {}, {}, 'back'))).code, 201);
  assert.equal((await create(pod('two', {}, {}, 'back'))).code, 403);
  await server.ask(master, 'DELETE', '/namespaces/back/pods/one');
  assert.equal((await create(pod('bad', { hostPID: true }, {}, 'back'))).code, 403);
  assert.equal((await create(pod('three', {}, {}, 'back'))).code, 201);
});

test('a create of a name that is there already counts once', async () => {
  const create = await limited('twice', { hard: { pods: '2' } });
  assert.equal((await create(pod('one', {}, {}, 'twice'))).code, 201);
  assert.equal((await create(pod('one', {}, {}, 'twice'))).code, 409);
  assert.equal((await create(pod('two', {}, {}, 'twice'))).code, 201);
});

test('compute is summed exactly, and must be said', async () => {
  const create = await limited('cpu', { hard: { 'requests.cpu': '1' } });
  assert.match((await create(pod('silent', {}, {}, 'cpu'))).body.message, /must specify requests.cpu for: main/);
  assert.equal((await create(pod('a', {}, requests('700m'), 'cpu'))).code, 201);
  assert.match((await create(pod('b', {}, requests('301m'), 'cpu'))).body.message, /used: requests.cpu=700m/);
  assert.equal((await create(pod('b', {}, requests('300m'), 'cpu'))).code, 201);
});

test('of many that grow at once as many are let as the quota allows', async () => {
  const create = await limited('grown', { hard: { 'requests.cpu': '2' } });
  for (const name of ['a', 'b']) assert.equal((await create(pod(name, {}, requests('500m'), 'grown'))).code, 201);
  const resize = (name: string, cpu: string) => {
    const body = { spec: { containers: [{ name: 'main', ...requests(cpu) }] } };
    const path = `/namespaces/grown/pods/${name}/resize`;
    return server.ask(master, 'PATCH', path, body, 'application/strategic-merge-patch+json');
  };
  const grown = await Promise.all([resize('a', '1500m'), resize('b', '1500m')]);
  assert.deepEqual(
    grown.map(({ code }) => code),
    [200, 403],
  );
  assert.equal((await resize('b', '501m')).code, 403);
  assert.equal((await resize('a', '1')).code, 200);
  assert.equal((await resize('b', '1')).code, 200);
});

test('scopes count only their pods, and dry runs take nothing', async () => {
  const create = await limited('scoped', { hard: { pods: '1' }, scopes: ['BestEffort'] });
  assert.equal((await create(pod('a', {}, requests('1'), 'scoped'))).code, 201);
  assert.equal((await create(pod('b', {}, {}, 'scoped'))).code, 201);
  assert.equal((await create(pod('c', {}, {}, 'scoped'))).code, 403);
  assert.equal((await create(pod('d', {}, requests('1'), 'scoped'))).code, 201);
  const dry = await limited('dry', { hard: { pods: '1' } });
  await server.ask(master, 'POST', '/namespaces/dry/pods?dryRun=All', pod('x', {}, {}, 'dry'));
  assert.equal((await dry(pod('y', {}, {}, 'dry'))).code, 201);
});

test('objects of any kind are counted, claims by their size', async () => {
  const create = await limited('objects', { hard: { 'count/configmaps': '1', 'requests.storage': '1Gi' } });
  const map = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'objects' } });
  assert.equal((await create(map('one'))).code, 201);
  assert.equal((await create(map('two'))).code, 403);
  const claim = (name: string, storage: string) => ({
    ...{ apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { name, namespace: 'objects' } },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
  });
  assert.equal((await create(claim('big', '2Gi'))).code, 403);
  const small = await create(claim('small', '512Mi'));
  assert.deepEqual([small.code, small.body.metadata.finalizers], [201, ['kubernetes.io/pvc-protection']]);
});
