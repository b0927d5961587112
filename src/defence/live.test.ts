import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { apiVersionOf } from '../api/kind.ts';
import { podSecurityChecks } from '../api/pod-security/pod-security.ts';
import { createHttpsTransport } from '../client/https-transport.ts';
import { loadKubeconfig } from '../client/kubeconfig.ts';
import { builtInResources, pathOf } from '../client/resources.ts';
import type { Transport } from '../client/transport.ts';
import { startServer, type TestServer, testAdmin } from '../server/testing/start.ts';
import { checks } from './checks.ts';
import type { Check, Manifest } from './contract.ts';
import { contextOf } from './judge/judge.ts';
import { judgeOne } from './judge/verdict.ts';
import { refOf } from './object-ref.ts';
import { readCluster } from './snapshot/cluster.ts';

function pathTo({ apiVersion, kind, metadata }: Manifest): string | undefined {
  const served = [...builtInResources.values()].find(
    (known) => apiVersionOf(known) === apiVersion && known.kind === kind,
  );
  return served && pathOf(served, { namespace: metadata.namespace ?? 'default' });
}

/** The verdict on the first object once it is in the cluster with the others, or why it cannot be there. */
async function judgeLive(server: TestServer, transport: Transport, check: Check, objects: Manifest[]): Promise<string> {
  const made: string[] = [];
  try {
    for (const object of objects) {
      const path = pathTo(object);
      if (path === undefined) return `${object.apiVersion} ${object.kind} is not served`;
      const name = object.metadata.name;
      const { code, body } = await server.call(testAdmin, { method: 'POST', path, body: object });
      if (code === 409) {
        const old = (await server.call(testAdmin, { method: 'GET', path: `${path}/${name}` })).body;
        const metadata = { ...object.metadata, resourceVersion: old.metadata.resourceVersion };
        const put = await server.call(testAdmin, {
          method: 'PUT',
          path: `${path}/${name}`,
          body: { ...object, metadata },
        });
        if (put.code !== 200) return `${put.code}: ${put.body.message}`;
      } else if (code !== 201) return `${code}: ${body.message}`;
      if (object.kind !== 'Namespace') made.push(`${path}/${name}?gracePeriodSeconds=0`);
    }
    const snapshot = await readCluster(transport, { nowMs: 0 });
    const { metadata } = objects[0]!;
    const ref = refOf(objects[0]!);
    const live = snapshot.get(ref) ?? snapshot.get({ ...ref, namespace: metadata.namespace ?? 'default' });
    if (live === undefined) return 'it is not in the snapshot';
    const level = replaced.includes(check.id) ? 'baseline' : 'restricted';
    return judgeOne(check, live, contextOf(snapshot, { level, version: 36 })).verdict;
  } finally {
    for (const path of made) await server.call(testAdmin, { method: 'DELETE', path });
  }
}

/** At level restricted a stricter check speaks for these: their examples are judged at baseline. */
const replaced = podSecurityChecks.flatMap(({ replaces }) => (replaces ? [`pod-security/${replaces}`] : []));

/** Examples that no server of this version takes, and those that a cluster answers by itself. */
const different: Record<string, RegExp> = {
  'exposure/gateway-tls pass 0': /Gateway is not served/,
  'exposure/gateway-tls fail 0': /Gateway is not served/,
  'pod-security/privileged fail 0': /cannot set `allowPrivilegeEscalation` to false and `privileged` to true/,
  'pod-security/capabilities_baseline fail 0': /cannot set `allowPrivilegeEscalation` to false/,
  'pod-security/procMount fail 0': /`hostUsers` must be false to use `Unmasked`/,
  'removed-api pass 0': /either `defaultBackend` or `rules` must be specified/,
  'removed-api fail 0': /extensions\/v1beta1 Ingress is not served/,
  'removed-api fail 1': /flowcontrol.apiserver.k8s.io\/v1beta1 FlowSchema is not served/,
  // The test's server is one of Rempart, which enforces `restricted` without a label.
  'namespace-pod-security fail 0': /^pass$/,
  // Of Secrets only the metadata is read: that a token expires is not seen.
  'bootstrap-token pass 0': /^fail$/,
  // A real request has a key and a date of its own.
  'certificate-request-pending pass 0': /must be CERTIFICATE REQUEST/,
  'certificate-request-pending pass 1': /must be CERTIFICATE REQUEST/,
  'certificate-request-pending fail 0': /must be CERTIFICATE REQUEST/,
  'removed-api fail 2': /IngressClass\.networking\.k8s\.io "example" is invalid/,
  'sensitive-host-path fail 2': /must not contain '\.\.'/,
};

test('an object in a cluster, with all defaults, gets the verdict that its manifest gets', async () => {
  const server = await startServer({ namespaces: ['default', 'kube-system', 'shop'] });
  const kubeconfig = join(mkdtempSync(join(tmpdir(), 'rempart-live-')), 'config');
  await server.writeKubeconfig(kubeconfig);
  const transport = createHttpsTransport(loadKubeconfig(kubeconfig).connection);
  after(async () => {
    transport.close();
    await server.stop();
    rmSync(dirname(kubeconfig), { recursive: true });
  });
  const wrong: string[] = [];
  for (const check of checks)
    for (const verdict of ['pass', 'fail'] as const)
      for (const [index, objects] of check.examples[verdict].entries()) {
        const example = `${check.id} ${verdict} ${index}`;
        const live = await judgeLive(server, transport, check, objects);
        if (live !== verdict && !different[example]?.test(live)) wrong.push(`${example}: ${live}`);
      }
  assert.deepEqual(wrong, []);
});
