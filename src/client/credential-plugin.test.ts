import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startServer } from '../server/testing/start.ts';
import { createClient } from './client.ts';
import { createCredentialPlugin } from './credential-plugin.ts';
import { createHttpsTransport } from './https-transport.ts';
import { loadKubeconfig } from './kubeconfig.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-plugin-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const apiVersion = 'client.authentication.k8s.io/v1';
const seen = join(folder, 'seen');

/** A program that prints this ExecCredential and writes down what it was told. */
function plugin(status: object | string, fields: object = {}) {
  const script = join(folder, 'plugin.sh');
  const answer = typeof status === 'string' ? status : JSON.stringify({ apiVersion, kind: 'ExecCredential', status });
  writeFileSync(join(folder, 'answer'), answer);
  writeFileSync(
    script,
    `#!/bin/sh\nprintf '%s|%s|%s\\n' "$1" "$REGION" "$KUBERNETES_EXEC_INFO" >>${seen}\ncat ${join(folder, 'answer')}\n`,
    { mode: 0o755 },
  );
  rmSync(seen, { force: true });
  const env = [{ name: 'REGION', value: 'here' }];
  return { apiVersion, command: './plugin.sh', args: ['a b; $(touch x)'], env, interactiveMode: 'Never', ...fields };
}

const options = {
  ...{ where: 'config, context one', folder, terminal: false },
  cluster: { server: 'https://x', 'certificate-authority-data': 'Y2E=' },
};
const runs = () => readFileSync(seen, 'utf8').trim().split('\n');

test('the plugin is run without a shell, told what kubectl tells, and its answer kept until it expires', () => {
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  const exec = plugin({ token: 't', expirationTimestamp: '2026-01-01T01:00:00Z' }, { provideClusterInfo: true });
  const { credential } = createCredentialPlugin(exec, { ...options, nowMs: () => nowMs });
  assert.equal(credential().token?.toString(), 't');
  nowMs += 3_500_000;
  credential();
  assert.equal(runs().length, 1);
  nowMs += 100_000;
  assert.equal(credential().run, 2);
  const [argument, region, info] = runs()[0]!.split('|');
  assert.deepEqual([argument, region], ['a b; $(touch x)', 'here']);
  assert.deepEqual(JSON.parse(info!), {
    ...{ apiVersion, kind: 'ExecCredential' },
    spec: { interactive: false, cluster: { server: 'https://x', 'certificate-authority-data': 'Y2E=' } },
  });
});

test('a plugin that cannot be used says why and what to do, and never what it printed', () => {
  const failing = (status: object | string, fields: object, pattern: RegExp) => {
    assert.throws(
      () => createCredentialPlugin(plugin(status, fields), options).credential(),
      (error: Error) => pattern.test(error.message) && !error.message.includes('secret'),
    );
  };
  failing(
    {},
    { command: 'no-such-plugin', installHint: 'get it from example.org' },
    /is not there: get it from example/,
  );
  failing({}, { interactiveMode: 'Always' }, /wants to ask somebody, and there is no terminal/);
  failing({}, { apiVersion: 'client.authentication.k8s.io/v1alpha1' }, /speaks .*v1alpha1: only/);
  failing({}, {}, /neither token nor certificate/);
  failing('secret', {}, /printed no JSON/);
  failing({ clientKeyData: 'secret' }, {}, /a key without its certificate/);
  failing({ token: 'secret', expirationTimestamp: 'later' }, {}, /no time/);
  failing('"secret"', { apiVersion: 'client.authentication.k8s.io/v1beta1' }, /no ExecCredential of .*v1beta1/);
  failing('secret'.repeat(200_000), {}, /printed more than 1048576 bytes/);
  const broken = plugin({});
  writeFileSync(join(folder, 'plugin.sh'), '#!/bin/sh\necho log in first >&2\nexit 3\n', { mode: 0o755 });
  assert.throws(() => createCredentialPlugin(broken, options).credential(), /ended with code 3: log in first/);
});

test('an API server is asked with what the plugin gives, and once more when it does not accept that', async () => {
  const server = await startServer({
    defences: {
      authenticate: async ({ bearerToken }) =>
        bearerToken === 'good' ? { username: 'somebody', groups: ['system:authenticated'] } : undefined,
    },
  });
  after(() => server.stop());
  const exec = plugin({ token: 'stale' });
  const kubeconfig = join(folder, 'config');
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      'current-context': 'a',
      contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }],
      clusters: [
        {
          name: 'c',
          cluster: {
            server: server.url,
            'certificate-authority-data': Buffer.from(server.authority.certificate).toString('base64'),
          },
        },
      ],
      users: [{ name: 'u', user: { exec } }],
    }),
  );
  const transport = createHttpsTransport(loadKubeconfig(kubeconfig).connection);
  after(() => transport.close());
  plugin({ token: 'good' });
  const { items } = await createClient(transport).list('namespaces');
  assert.equal(items.length, 2);
});
