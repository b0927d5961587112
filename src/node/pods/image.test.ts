import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createTestRuntime } from '../testing/runtime.ts';
import { ensureImage, pullPolicy } from './image.ts';
import { testPod } from './testing/view.ts';

const container = (image: string, imagePullPolicy?: string) => ({ name: 'main', image, imagePullPolicy });

test('without a policy an image is pulled always when its tag may move', () => {
  const policies: [string, string][] = [
    ['web', 'Always'],
    ['web:latest', 'Always'],
    ['web:1', 'IfNotPresent'],
    ['registry:5000/web', 'Always'],
    ['registry:5000/web:1', 'IfNotPresent'],
    [`web@sha256:${'0'.repeat(64)}`, 'IfNotPresent'],
  ];
  for (const [image, policy] of policies) assert.equal(pullPolicy(container(image)), policy, image);
  assert.equal(pullPolicy(container('web', 'Never')), 'Never');
});

test('policies decide between what is here and the registry, and secrets reach the pull decoded', async () => {
  const runtime = createTestRuntime(['here:1', 'private:1']);
  const asked: object[] = [];
  let hadBefore = false;
  const puller = {
    mayUse: async (id: string) => id !== 'sha256:private:1',
    async pull(reference: string, secrets: object[]) {
      asked.push(secrets);
      if (reference === 'broken:1') throw new Error('unauthorized');
      return runtime.images.pull(reference, undefined);
    },
  };
  const data = { '.dockerconfigjson': Buffer.from('{"auths":{}}').toString('base64') };
  const secret = async (_: string, name: string) =>
    name === 'login' ? ({ type: 'kubernetes.io/dockerconfigjson', data } as never) : undefined;
  const pod = testPod({ imagePullSecrets: [{ name: 'login' }, { name: 'absent' }] });
  const ensure = (image: string, policy?: string) =>
    ensureImage(
      runtime.images,
      puller,
      { secret, hasHad: () => hadBefore, record() {} },
      pod,
      container(image, policy),
    );
  assert.equal((await ensure('here:1')).id, 'sha256:here:1');
  assert.equal(asked.length, 0);
  await ensure('here:1', 'Always');
  assert.equal(asked.length, 1);
  assert.equal((await ensure('there:1')).id, 'sha256:there:1');
  const [first, second] = asked[1] as { type: string; data: Record<string, Buffer> }[];
  assert.equal(first!.data['.dockerconfigjson']!.toString(), '{"auths":{}}');
  assert.deepEqual(second, { type: '', data: {} });
  await assert.rejects(ensure('absent:1', 'Never'), { reason: 'ErrImageNeverPull' });
  const before = asked.length;
  await ensure('private:1');
  assert.equal(asked.length, before + 1, 'the registry is asked whether this pod may have it');
  await assert.rejects(ensure('private:1', 'Never'), { reason: 'ErrImageNeverPull', message: /a login that this pod/ });
  hadBefore = true;
  await ensure('private:1', 'Never');
  assert.equal(asked.length, before + 1, 'a pod that has had it keeps it');
  await assert.rejects(ensure('broken:1'), { reason: 'ErrImagePull', message: /"broken:1": unauthorized/ });
  for (const name of ['', 'a b', 'UPPER/Bad:::', 'host/Upper:1', 'a//b', 'a:1:2', `a${'b'.repeat(2000)}`])
    await assert.rejects(ensure(name), { reason: 'InvalidImageName' }, name);
  const digest = `sha256:${'a'.repeat(64)}`;
  for (const name of [
    'a',
    'Host.example:5000/a/b_c__d--e:V1.x',
    `a@${digest}`,
    `a:1@${digest}`,
    '[::1]:5000/a',
    digest,
  ])
    await assert.doesNotReject(ensure(name), name);
});
