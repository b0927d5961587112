import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../foundation/log.ts';
import type { ImageService } from '../runtimes/runtime.ts';
import { credentialsFor, type PullSecret, repositoryOf } from './credentials.ts';
import { createPuller } from './pull.ts';

const userOf = (pattern: string) => pattern.replaceAll(':', '_');

function secret(...patterns: string[]): PullSecret {
  const auths = patterns.map((name) => [name, { auth: Buffer.from(`${userOf(name)}:pass:word`).toString('base64') }]);
  const json = JSON.stringify({ auths: Object.fromEntries(auths) });
  return { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': Buffer.from(json) } };
}

const cases: { pattern: string; meant: string[]; not: string[] }[] = [
  {
    pattern: 'registry.io',
    meant: ['registry.io/a', 'registry.io/a/b:1'],
    not: ['registry.io:5000/a', 'x.registry.io/a', 'a'],
  },
  { pattern: 'registry.io:5000', meant: ['registry.io:5000/a@sha256:00'], not: ['registry.io/a'] },
  {
    pattern: '*.registry.io',
    meant: ['eu.registry.io/a'],
    not: ['registry.io/a', 'a.b.registry.io/a', 'evil.io/eu.registry.io'],
  },
  { pattern: 'e*.registry.io', meant: ['eu.registry.io/a'], not: ['us.registry.io/a'] },
  {
    pattern: 'https://registry.io/team',
    meant: ['registry.io/team', 'registry.io/team/a'],
    not: ['registry.io/teams/a'],
  },
  { pattern: 'https://index.docker.io/v1/', meant: ['nginx', 'me/app:1', 'docker.io/me/app'], not: ['registry.io/a'] },
];

for (const { pattern, meant, not } of cases)
  test(`credentials of ${pattern}`, () => {
    for (const reference of meant) {
      const { credentials } = credentialsFor(reference, [secret(pattern)]);
      assert.deepEqual(credentials, [{ username: userOf(pattern), password: 'pass:word' }], reference);
    }
    for (const reference of not)
      assert.deepEqual(credentialsFor(reference, [secret(pattern)]).credentials, [], reference);
  });

test('the most particular comes first; what cannot be read is named by its place', () => {
  const broken = { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': Buffer.from('{') } };
  const found = credentialsFor('registry.io/team/a', [broken, secret('registry.io', 'registry.io/team')]);
  assert.deepEqual(
    found.credentials.map(({ username }) => username),
    ['registry.io/team', 'registry.io'],
  );
  assert.deepEqual(found.unreadable, [0]);
  assert.deepEqual(repositoryOf('nginx:1'), { registry: 'docker.io', path: 'library/nginx' });
});

test('a pull tries the credentials in turn, then none, and says what the first was told', async () => {
  const tried: (string | undefined)[] = [];
  const images = {
    status: async () => undefined,
    async pull(_reference: string, credentials: { username: string } | undefined) {
      tried.push(credentials?.username);
      if (credentials?.username === 'registry.io') return 'sha256:1';
      throw new Error(`refused ${credentials?.username ?? 'nobody'}`);
    },
  } as unknown as ImageService;
  const noted: object[] = [];
  const pulled = {
    ...{ isFull: () => false, keep() {} },
    note: (id: string, login: object | undefined) => void noted.push([id, login]),
    mayUse: (_: string, logins: { username: string }[]) => logins.some(({ username }) => username === 'registry.io'),
  };
  const puller = createPuller({ images, pulled, log: silentLog });
  const both = [secret('registry.io', 'registry.io/team')];
  assert.equal(await puller.pull('registry.io/team/a', both), 'sha256:1');
  assert.deepEqual(noted, [['sha256:1', { username: 'registry.io', password: 'pass:word' }]]);
  assert.equal(await puller.mayUse('sha256:1', 'registry.io/team/a', async () => both), true);
  assert.equal(await puller.mayUse('sha256:1', 'elsewhere.io/team/a', async () => both), false);
  assert.deepEqual(tried, ['registry.io/team', 'registry.io']);
  await assert.rejects(
    puller.pull('registry.io/team/a', [secret('registry.io/team')]),
    /^Error: refused registry.io\/team$/,
  );
  assert.equal(tried.at(-1), undefined);
});
