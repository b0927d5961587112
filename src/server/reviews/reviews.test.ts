import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { may, must } from '../testing/objects.ts';
import { startServer, type TestServer } from '../testing/start.ts';

let server: TestServer;
before(async () => {
  server = await startServer({
    defences: {
      authorize: ({ user, verb }) => ({ allowed: user.username === 'test-admin' || verb === 'get', reason: 'by test' }),
      rulesFor: () => [
        { verbs: ['get'], apiGroups: [''], resources: ['pods'] },
        { verbs: ['get'], nonResourceURLs: ['/version'] },
      ],
      reviewToken: async (token) => ({ authenticated: token === 'good' }),
    },
  });
});
after(() => server.stop());

const authorization = '/apis/authorization.k8s.io/v1';
const authentication = '/apis/authentication.k8s.io/v1';
const review = (kind: string, spec: object) => ({ apiVersion: 'authorization.k8s.io/v1', kind, spec });

test('access reviews ask the authorizer for oneself and for others', async () => {
  const resourceAttributes = { verb: 'delete', resource: 'pods', namespace: 'default' };
  const own = await must(
    server,
    'POST',
    `${authorization}/selfsubjectaccessreviews`,
    review('SelfSubjectAccessReview', { resourceAttributes }),
  );
  assert.equal(own.status.allowed, true);
  const other = review('SubjectAccessReview', { user: 'eve', resourceAttributes });
  const { status } = await must(server, 'POST', `${authorization}/subjectaccessreviews`, other);
  assert.deepEqual(status, { allowed: false, reason: 'by test' });
  const local = review('LocalSubjectAccessReview', { user: 'eve', resourceAttributes });
  const path = (namespace: string) => `${authorization}/namespaces/${namespace}/localsubjectaccessreviews`;
  const told = (await must(server, 'POST', path('default'), local)).status;
  assert.deepEqual(told, { allowed: false }, 'what eve may elsewhere is not for who has rights in one namespace');
  assert.equal((await may(server, 'POST', path('kube-system'), local)).code, 400);
});

test('a review of neither a resource nor a path is refused', async () => {
  const empty = review('SelfSubjectAccessReview', {});
  assert.equal((await may(server, 'POST', `${authorization}/selfsubjectaccessreviews`, empty)).code, 400);
});

test('rules reviews tell resource and path rules apart', async () => {
  const body = review('SelfSubjectRulesReview', { namespace: 'default' });
  const { status } = await must(server, 'POST', `${authorization}/selfsubjectrulesreviews`, body);
  assert.equal(status.resourceRules.length, 1);
  assert.deepEqual(status.nonResourceRules, [{ verbs: ['get'], nonResourceURLs: ['/version'] }]);
});

test('of more rules than an answer holds the first are told, and that there are more', async () => {
  const rule = { verbs: ['get'], apiGroups: [''], resources: Array.from({ length: 998 }, (_, index) => `r${index}`) };
  const asked = async (rules: number) => {
    const large = await startServer({ defences: { rulesFor: () => Array(rules).fill(rule) } });
    try {
      const body = review('SelfSubjectRulesReview', { namespace: 'default' });
      const { status } = await must(large, 'POST', `${authorization}/selfsubjectrulesreviews`, body);
      return [status.resourceRules.length, status.incomplete];
    } finally {
      await large.stop();
    }
  };
  assert.deepEqual(await asked(100), [100, false]);
  assert.deepEqual(await asked(101), [100, true]);
});

test('who am I, and whose is this token', async () => {
  const self = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
  const { status } = await must(server, 'POST', `${authentication}/selfsubjectreviews`, self);
  assert.equal(status.userInfo.username, 'test-admin');
  const token = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: 'good' } };
  assert.equal((await must(server, 'POST', `${authentication}/tokenreviews`, token)).status.authenticated, true);
});
