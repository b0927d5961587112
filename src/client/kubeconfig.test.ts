import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { defaultKubeconfigPaths, loadKubeconfig } from './kubeconfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'));

function write(text: string): string {
  const path = join(folder, 'config');
  writeFileSync(path, text);
  return path;
}

const config = `
current-context: one
contexts:
- {name: one, context: {cluster: c, user: u, namespace: shop}}
- {name: two, context: {cluster: c, user: plugin}}
- {name: three, context: {cluster: gone}}
clusters:
- name: c
  cluster: {server: 'https://10.0.0.1:6443', certificate-authority: ca.crt, tls-server-name: kubernetes}
users:
- name: u
  user: {client-certificate-data: Y2VydA==, client-key-data: a2V5}
- name: plugin
  user: {exec: {command: aws}}
`;

test('the current context gives server, identity and namespace, with files beside the kubeconfig', () => {
  const { name, namespace, connection } = loadKubeconfig(write(config));
  assert.deepEqual([name, namespace, connection.server], ['one', 'shop', 'https://10.0.0.1:6443']);
  assert.deepEqual(connection.certificateAuthority, { file: join(folder, 'ca.crt') });
  assert.deepEqual(connection.clientCertificate, { bytes: Buffer.from('cert') });
  assert.equal(connection.tlsServerName, 'kubernetes');
});

test('what is missing or unusable is named', () => {
  const path = write(config);
  assert.throws(() => loadKubeconfig(path, 'two'), /context two: the login plugin aws speaks undefined/);
  assert.throws(() => loadKubeconfig(path, 'three'), /has no cluster named gone/);
  assert.throws(() => loadKubeconfig(path, 'four'), /has no context named four/);
  assert.throws(() => loadKubeconfig(write('a: &a [x]\nb: [*a, *a]')), /config is not valid YAML$/);
  assert.throws(() => loadKubeconfig(folder), /cannot be read: EISDIR/);
  assert.throws(() => loadKubeconfig(write('{}')), /no current-context/);
});

test('what is in a kubeconfig that cannot be parsed is not repeated, in errors or in warnings', (t) => {
  const warnings = t.mock.method(process, 'emitWarning', () => undefined);
  assert.throws(
    () => loadKubeconfig(write('users:\n  token: {secret')),
    (error: Error) => /config is not valid YAML, at line 2$/.test(error.message) && error.cause === undefined,
  );
  assert.throws(() => loadKubeconfig(write('token: !mine secret')), /no current-context/);
  assert.equal(warnings.mock.callCount(), 0);
});

test('a file with a token lies beside the kubeconfig, and counts for more than a token', () => {
  const tokenOf = (user: string) =>
    loadKubeconfig(write(config.replace('client-certificate-data: Y2VydA==, client-key-data: a2V5', user))).connection
      .token;
  assert.deepEqual(tokenOf('token: old, tokenFile: token'), { file: join(folder, 'token') });
  assert.deepEqual(tokenOf('tokenFile: /run/token'), { file: '/run/token' });
  assert.deepEqual(tokenOf('token: t'), { bytes: Buffer.from('t') });
});

test('KUBECONFIG names the files', () => {
  assert.deepEqual(defaultKubeconfigPaths({ KUBECONFIG: '/a:/b' }), ['/a', '/b']);
  assert.match(defaultKubeconfigPaths({})[0]!, /\.kube\/config$/);
});

test('what is not supported is refused instead of left out', () => {
  const withUser = (user: string, cluster = '') =>
    write(`
current-context: a
contexts: [{name: a, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: 'https://x'${cluster}}}]
users: [{name: u, user: {${user}}}]
`);
  assert.throws(() => loadKubeconfig(withUser('as: admin, token: t')), /acting as another user/);
  assert.throws(() => loadKubeconfig(withUser('username: u, password: p')), /a password is not supported/);
  assert.throws(() => loadKubeconfig(withUser('auth-provider: {name: gcp}')), /auth-provider is gone/);
  assert.throws(() => loadKubeconfig(withUser('token: t', ", proxy-url: 'http://p'")), /proxy-url is not supported/);
});

test('several files are merged as kubectl does: the first that says something wins', () => {
  const [first, second] = ['first', 'second'].map((name) => join(mkdtempSync(join(folder, 'several-')), name));
  writeFileSync(first!, "current-context: b\nclusters: [{name: c, cluster: {server: 'https://first'}}]\n");
  writeFileSync(
    second!,
    `current-context: a
contexts: [{name: b, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: 'https://second'}}]
users: [{name: u, user: {client-certificate: u.crt}}]
`,
  );
  const { name, connection } = loadKubeconfig([join(folder, 'not-there'), first!, second!]);
  assert.deepEqual([name, connection.server], ['b', 'https://first']);
  assert.deepEqual(connection.clientCertificate, { file: join(dirname(second!), 'u.crt') });
  assert.throws(() => loadKubeconfig([join(folder, 'x'), join(folder, 'y')]), /there is none of .*x, .*y/);
});
