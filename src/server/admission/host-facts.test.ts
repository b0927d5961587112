import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { hostFactsBytesMax, hostFactsName } from '../../api/host-facts.ts';
import { startDefended } from '../testing/defended.ts';

const server = await startDefended();
after(server.stop);
const node = { username: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] };
const path = '/namespaces/kube-system/configmaps';
const facts = (name: string, text = '{}') => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'kube-system' },
  data: { facts: text },
});
const own = hostFactsName('n1');
const code = async (method: string, at: string, body?: object) => (await server.ask(node, method, at, body)).code;

test('a node writes and reads what its own machine is, and removes it never', async () => {
  assert.equal(await code('POST', path, facts(own)), 201);
  assert.equal(await code('GET', `${path}/${own}`), 200);
  assert.equal(await code('PUT', `${path}/${own}`, facts(own, '{"version":1}')), 200);
  assert.equal(await code('DELETE', `${path}/${own}`), 403);
});

test('a node writes nothing about others, under no other name and in no other namespace', async () => {
  await server.make(facts(hostFactsName('n2')));
  for (const name of [hostFactsName('n2'), hostFactsName('n3'), 'coredns', 'host-facts.n1.x']) {
    assert.equal(await code('POST', path, facts(name)), 403, name);
    assert.equal(await code('PUT', `${path}/${name}`, facts(name)), 403, name);
    assert.equal(await code('GET', `${path}/${name}`), 403, name);
  }
  const elsewhere = { ...facts(own), metadata: { name: own, namespace: 'a' } };
  assert.equal(await code('POST', '/namespaces/a/configmaps', elsewhere), 403);
  const generated = { ...facts(own), metadata: { generateName: 'host-facts.n', namespace: 'kube-system' } };
  assert.equal(await code('POST', path, generated), 403);
  assert.equal(await code('GET', path), 403, 'it lists nothing');
});

test('a stolen node cannot fill the store', async () => {
  assert.equal(await code('PUT', `${path}/${own}`, facts(own, 'x'.repeat(hostFactsBytesMax))), 200);
  const { code: refused, body } = await server.ask(
    node,
    'PUT',
    `${path}/${own}`,
    facts(own, 'x'.repeat(2 * hostFactsBytesMax)),
  );
  assert.equal(refused, 403);
  assert.match(body.message, /65536 bytes at most/);
});
