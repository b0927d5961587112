import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import type { ApiError } from '../../api/status.ts';
import type { UserInfo } from '../../api/user.ts';
import { manualClock } from '../../foundation/clock.ts';
import { buildCertificate, toPem } from '../../foundation/x509/certificate.ts';
import type { Authorizer, Credentials } from '../contracts.ts';
import { objectsLookup } from '../testing/objects-lookup.ts';
import { createAuthentication } from './authentication.ts';
import { readSigningKey } from './service-account-keys.ts';

const hourMs = 3600 * 1000;
const startMs = Date.UTC(2026, 5, 1);
const newKey = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const spki = (key: KeyObject) => createPublicKey(key).export({ type: 'spki', format: 'der' });
const times = { notBeforeMs: startMs - hourMs, notAfterMs: startMs + 24 * hourMs };

function authority() {
  const key = newKey();
  const name = { commonName: 'ca' };
  const content = { subject: name, issuer: name, publicKey: spki(key), usages: ['authority' as const], ...times };
  const pem = toPem('CERTIFICATE', buildCertificate(content, key));
  const issue = (subject: { commonName: string; organizations?: string[] }, usages: any[] = ['client']) =>
    buildCertificate({ subject, issuer: name, publicKey: spki(newKey()), usages, ...times }, key);
  return { pem, issue };
}

const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot', namespace: 'a', uid: 'sa-1' } };
const pod = {
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'a', uid: 'pod-1' } },
  spec: { serviceAccountName: 'robot', nodeName: 'n1' },
};
const tokenRequest = (spec: object) => ({
  serviceAccount: account,
  request: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: { name: 'robot' }, spec },
});

function setup(options: { authorize?: Authorizer; anonymousEverywhere?(): boolean } = {}) {
  const clock = manualClock(startMs);
  const lookup = objectsLookup();
  lookup.put('serviceaccounts', account);
  lookup.put('pods', pod);
  lookup.put('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1', uid: 'node-1' } });
  const ca = authority();
  const pemOf = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const keys = [readSigningKey(pemOf(newKey()))];
  const authentication = createAuthentication({
    ...{ issuer: 'https://kubernetes.default.svc', audiences: ['https://kubernetes.default.svc'], keys: () => keys },
    ...{ lookup, clock, clientAuthorities: [ca.pem], authorize: () => ({ allowed: false, reason: '' }) },
    anonymousEverywhere: () => false,
    ...options,
  });
  const ask = async (credentials: Partial<Credentials>) =>
    authentication.authenticate({
      ...{ certificate: undefined, bearerToken: undefined, remoteAddress: '127.0.0.1', request: undefined },
      ...credentials,
    });
  const rotate = () => keys.unshift(readSigningKey(pemOf(newKey())));
  return { clock, lookup, ca, keys, rotate, ask, ...authentication };
}

const request = (url: string, rawHeaders: string[] = [], method = 'GET') => ({ url, rawHeaders, method }) as any;
const unauthorized = (pattern: RegExp) => (error: ApiError) =>
  error.reason === 'Unauthorized' && pattern.test(error.message);

test('a client certificate names the user and its groups', async () => {
  const { ask, ca } = setup();
  const user = await ask({ certificate: ca.issue({ commonName: 'anna', organizations: ['dev', 'ops'] }) });
  assert.equal(user?.username, 'anna');
  assert.deepEqual(user?.groups, ['dev', 'ops', 'system:authenticated']);
});

test('an expired certificate is refused with when and what to do, also on an open connection', async () => {
  const { ask, ca, clock } = setup();
  const certificate = ca.issue({ commonName: 'anna' });
  await ask({ certificate });
  clock.advance(25 * hourMs);
  await assert.rejects(ask({ certificate }), unauthorized(/"anna" expired at 2026-06-02T00:00:00.000Z .*rempart up/));
});

test('a clock that jumped back refuses a certificate of the future', async () => {
  const { ca } = setup();
  const early = setup();
  early.clock.advance(-3 * hourMs);
  await assert.rejects(
    early.ask({ certificate: early.ca.issue({ commonName: 'anna' }) }),
    unauthorized(/check the clocks/),
  );
  await assert.rejects(
    early.ask({ certificate: ca.issue({ commonName: 'anna' }) }),
    unauthorized(/not issued by this cluster/),
  );
});

test('certificates of another authority, of servers, of authorities and without a name are refused', async () => {
  const { ask, ca } = setup();
  const foreign = authority().issue({ commonName: 'rempart:break-glass', organizations: ['system:masters'] });
  await assert.rejects(ask({ certificate: foreign }), unauthorized(/not issued by this cluster/));
  await assert.rejects(ask({ certificate: ca.issue({ commonName: 'x' }, ['server']) }), unauthorized(/client auth/));
  await assert.rejects(
    ask({ certificate: new X509Certificate(ca.pem).raw }),
    unauthorized(/may not be used by clients/),
  );
  await assert.rejects(ask({ certificate: ca.issue({ commonName: '' }) }), unauthorized(/names no user/));
  await assert.rejects(ask({ certificate: Buffer.from('junk') }), unauthorized(/cannot be read/));
});

test('without credentials only health and version answer', async () => {
  const { ask } = setup();
  for (const path of ['/healthz', '/livez/ping', '/readyz?verbose', '/version'])
    assert.equal((await ask({ request: request(path) }))?.username, 'system:anonymous', path);
  for (const path of ['/api', '/healthzz', '/openid/v1/jwks', '/metrics', '/'])
    assert.equal(await ask({ request: request(path) }), undefined, path);
  assert.equal(await ask({ request: request('/healthz', [], 'POST') }), undefined);
  const relaxed = setup({ anonymousEverywhere: () => true });
  assert.equal((await relaxed.ask({ request: request('/api/v1/pods') }))?.username, 'system:anonymous');
});

test('a bad credential is not taken for anonymous', async () => {
  const { ask } = setup();
  await assert.rejects(ask({ bearerToken: 'guess', request: request('/healthz') }), unauthorized(/not known/));
});

async function podToken(fixture: ReturnType<typeof setup>, spec: object = {}) {
  const boundObjectRef = { kind: 'Pod', apiVersion: 'v1', name: 'web', uid: 'pod-1' };
  const issued = await fixture.issueToken(tokenRequest({ boundObjectRef, ...spec }));
  return issued['status'].token as string;
}

test('a bound token stands for its ServiceAccount and tells its pod and node', async () => {
  const fixture = setup();
  const bearerToken = await podToken(fixture);
  const user = await fixture.ask({ bearerToken });
  assert.equal(await fixture.ask({ bearerToken }), user, 'one object, by which others keep what they derive from it');
  assert.equal(user?.username, 'system:serviceaccount:a:robot');
  assert.deepEqual(user?.groups, ['system:serviceaccounts', 'system:serviceaccounts:a', 'system:authenticated']);
  assert.deepEqual(user?.extra?.['authentication.kubernetes.io/pod-name'], ['web']);
  assert.deepEqual(user?.extra?.['authentication.kubernetes.io/node-uid'], ['node-1']);
});

test('a stolen token dies with its pod, with its account, and with a namesake in their place', async () => {
  const fixture = setup();
  const bearerToken = await podToken(fixture);
  await fixture.ask({ bearerToken });
  fixture.lookup.put('pods', { ...pod, metadata: { ...pod.metadata, uid: 'pod-2' } });
  await assert.rejects(fixture.ask({ bearerToken }), unauthorized(/pod "web" that no longer exists/));
  fixture.lookup.put('pods', { ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-06-01T00:00:00Z' } });
  await fixture.ask({ bearerToken });
  fixture.clock.advance(61_000);
  await assert.rejects(fixture.ask({ bearerToken }), unauthorized(/has been deleted/));
  fixture.lookup.remove('pods', 'a', 'web');
  await assert.rejects(fixture.ask({ bearerToken }), unauthorized(/no longer exists/));
  fixture.lookup.put('pods', pod);
  fixture.lookup.remove('serviceaccounts', 'a', 'robot');
  await assert.rejects(fixture.ask({ bearerToken }), unauthorized(/ServiceAccount "robot"/));
});

test('tokens expire, also those already seen, and hold only for their audience', async () => {
  const fixture = setup();
  const bearerToken = await podToken(fixture);
  await fixture.ask({ bearerToken });
  fixture.clock.advance(hourMs);
  await assert.rejects(fixture.ask({ bearerToken }), unauthorized(/expired at/));
  const vault = await podToken(fixture, { audiences: ['vault'] });
  await assert.rejects(fixture.ask({ bearerToken: vault }), unauthorized(/audience vault/));
  const review: any = await fixture.reviewToken(vault, ['vault']);
  assert.deepEqual([review.authenticated, review.audiences], [true, ['vault']]);
  assert.deepEqual(await fixture.reviewToken('x'), { authenticated: false, error: 'the token is not known' });
});

test('a clock that jumps back refuses tokens of the future', async () => {
  const fixture = setup();
  const bearerToken = await podToken(fixture);
  fixture.clock.advance(-10_000);
  await assert.rejects(fixture.ask({ bearerToken }), unauthorized(/not valid before/));
});

test('forged tokens are refused: changed claims, no algorithm, foreign key, foreign issuer', async () => {
  const fixture = setup();
  const token = await podToken(fixture);
  const [header, payload, signature] = token.split('.') as [string, string, string];
  const edit = (part: string, change: object) => {
    const value = { ...JSON.parse(Buffer.from(part, 'base64url').toString()), ...change };
    return Buffer.from(JSON.stringify(value)).toString('base64url');
  };
  const refuse = (bearerToken: string) => assert.rejects(fixture.ask({ bearerToken }), unauthorized(/./));
  await refuse([header, edit(payload, { sub: 'system:serviceaccount:kube-system:x' }), signature].join('.'));
  await refuse([edit(header, { alg: 'none' }), payload, ''].join('.'));
  await refuse([edit(header, { alg: 'HS256' }), payload, signature].join('.'));
  await refuse([edit(header, { kid: 'other' }), payload, signature].join('.'));
  await refuse(await podToken(setup()));
});

test('keys rotate: old tokens hold while their key is listed', async () => {
  const fixture = setup();
  const bearerToken = await podToken(fixture);
  fixture.rotate();
  assert.ok(await fixture.ask({ bearerToken }));
  assert.ok(await fixture.ask({ bearerToken: await podToken(fixture) }));
  assert.equal((fixture.oidc.jwks() as any).keys.length, 2);
  fixture.keys.pop();
  await assert.rejects(fixture.ask({ bearerToken }), unauthorized(/no longer, in use/));
});

test('token requests are bounded, and only bind to what the account uses', async () => {
  const fixture = setup();
  await assert.rejects(podToken(fixture, { expirationSeconds: 60 }), /less than 10 minutes/);
  const long = await fixture.issueToken(tokenRequest({ expirationSeconds: 10_000_000 }));
  assert.equal(long['status'].expirationTimestamp, '2026-06-02T00:00:00Z');
  await assert.rejects(podToken(fixture, { boundObjectRef: { kind: 'Pod', name: 'absent' } }), /not found/);
  await assert.rejects(podToken(fixture, { boundObjectRef: { kind: 'Pod', name: 'web', uid: 'x' } }), /does not match/);
  await assert.rejects(podToken(fixture, { boundObjectRef: { kind: 'Deployment', name: 'web' } }), /only Pod/);
  fixture.lookup.put('pods', { ...pod, spec: { serviceAccountName: 'other' } });
  await assert.rejects(podToken(fixture), /another service account/);
});

test('bootstrap tokens authenticate until they expire', async () => {
  const { ask, reviewToken, lookup, clock } = setup();
  const encode = (fields: Record<string, string>) =>
    Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, Buffer.from(value).toString('base64')]));
  const data = encode({
    ...{ 'token-id': 'abcdef', 'token-secret': '0123456789abcdef', 'usage-bootstrap-authentication': 'true' },
    ...{ expiration: '2026-06-01T01:00:00Z', 'auth-extra-groups': 'system:bootstrappers:workers,system:masters' },
  });
  const metadata = { name: 'bootstrap-token-abcdef', namespace: 'kube-system' };
  lookup.put('secrets', { apiVersion: 'v1', kind: 'Secret', metadata, type: 'bootstrap.kubernetes.io/token', data });
  const user = await ask({ bearerToken: 'abcdef.0123456789abcdef' });
  assert.deepEqual(user?.groups, ['system:bootstrappers', 'system:bootstrappers:workers', 'system:authenticated']);
  const review = async (...audiences: string[]) => {
    const { authenticated } = (await reviewToken('abcdef.0123456789abcdef', audiences)) as { authenticated: boolean };
    return authenticated;
  };
  assert.deepEqual([await review(), await review('vault')], [true, false], 'it is for this server only');
  await assert.rejects(ask({ bearerToken: 'abcdef.0123456789abcdee' }), unauthorized(/not known/));
  clock.advance(hourMs);
  await assert.rejects(ask({ bearerToken: 'abcdef.0123456789abcdef' }), unauthorized(/not known/));
});

test('impersonation needs the right for every part, and is remembered', async () => {
  const authorize: Authorizer = ({ user, verb, resource, name }) => ({
    allowed: user.username === 'anna' && verb === 'impersonate' && `${resource}/${name}` !== 'groups/system:masters',
    reason: '',
  });
  const { ask, ca } = setup({ authorize });
  const as = (commonName: string, ...headers: string[]): Promise<UserInfo | undefined> =>
    ask({ certificate: ca.issue({ commonName }), request: request('/api', headers) });
  const user = await as('anna', 'Impersonate-User', 'bob', 'Impersonate-Group', 'a,b', 'impersonate-group', 'c');
  assert.deepEqual([user?.username, user?.groups], ['bob', ['a,b', 'c', 'system:authenticated']]);
  assert.equal(user?.impersonatedBy?.username, 'anna');
  await assert.rejects(
    as('anna', 'Impersonate-User', 'bob', 'Impersonate-Group', 'system:masters'),
    /cannot impersonate/,
  );
  await assert.rejects(as('bob', 'Impersonate-User', 'anna'), /users "anna" is forbidden/);
  await assert.rejects(as('anna', 'Impersonate-Group', 'x'), /needs the header Impersonate-User/);
  await assert.rejects(as('anna', 'Impersonate-User', 'bob', 'Impersonate-Other', 'x'), /not known/);
});

test('groups of a certificate, headers of an impersonation and tokens are bounded', async () => {
  const { ask, ca } = setup({ authorize: () => ({ allowed: true, reason: '' }) });
  const organizations = Array.from({ length: 101 }, (_, index) => `group-${index}`);
  await assert.rejects(
    ask({ certificate: ca.issue({ commonName: 'a', organizations }) }),
    unauthorized(/more than 100 groups/),
  );
  const headers = organizations.flatMap((group) => ['Impersonate-Group', group]);
  const many = ask({ certificate: ca.issue({ commonName: 'a' }), request: request('/api', headers) });
  await assert.rejects(many, /more than 100 Impersonate headers/);
  const long = `${'a'.repeat(20_000)}.b.c`;
  await assert.rejects(ask({ bearerToken: long }), unauthorized(/not known/));
});
