import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { startServer, testAdmin } from '../../server/testing/start.ts';
import { check } from '../defence.ts';

const folder = mkdtempSync(join(tmpdir(), 'rempart-helm-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const manifest = `---
# Source: web/templates/service.yaml
apiVersion: v1
kind: Service
metadata:
  name: web
---
# Source: web/templates/budget.yaml
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata:
  name: web
`;
const base64 = (bytes: Buffer | string) => Buffer.from(bytes).toString('base64');
const release = (text: string) => base64(gzipSync(JSON.stringify({ name: 'web', manifest: text })));

async function clusterWith(name: string, data: string) {
  const server = await startServer({ namespaces: ['default', 'kube-system', 'shop'] });
  after(() => server.stop());
  const labels = { owner: 'helm', status: 'deployed', name };
  const { code } = await server.call(testAdmin, {
    method: 'POST',
    path: '/api/v1/namespaces/shop/secrets',
    body: {
      metadata: { name: `sh.helm.release.v1.${name}.v1`, labels },
      type: 'helm.sh/release.v1',
      data: { release: base64(data) },
    },
  });
  assert.equal(code, 201);
  const kubeconfig = join(folder, name);
  await server.writeKubeconfig(kubeconfig);
  return kubeconfig;
}

const old = (report: Awaited<ReturnType<typeof check>>) =>
  report.failures
    .filter(({ check }) => check.id === 'removed-api')
    .map(({ judged, finding }) => `${judged.origin?.file}:${judged.origin?.lineOf(finding.field)} ${finding.detail}`);

test('what Helm would apply again in a version that is gone is found in its release, with the line', async () => {
  const kubeconfig = await clusterWith('web', release(manifest));
  assert.deepEqual(old(await check({ kubeconfig, nowMs: 0 }, { helm: true })), [
    'helm:shop/web:9 policy/v1beta1 PodDisruptionBudget, not served since 1.25; use policy/v1',
  ]);
  const without = await check({ kubeconfig, nowMs: 0 });
  assert.deepEqual(old(without), []);
  const [told] = without.unassessed.filter(({ what }) => what === 'Helm release shop/web');
  assert.match(told!.why, /read only with --helm/);
});

test('a release that cannot be read is not assessed, whatever it is', async () => {
  for (const [name, data, why] of [
    ['noise', 'noise', /not the JSON of a release/],
    ['truncated', base64(gzipSync('{"manifest":"x"}').subarray(0, 20)), /cannot be decompressed/],
    ['bomb', base64(gzipSync(Buffer.alloc(40 * 2 ** 20))), /larger than 32 MB/],
    ['empty', base64(gzipSync('{}')), /has no manifest/],
  ] as const) {
    const report = await check({ kubeconfig: await clusterWith(name, data), nowMs: 0 }, { helm: true });
    const [told] = report.unassessed.filter(({ what }) => what === `Helm release shop/${name}`);
    assert.match(told?.why ?? '', why);
    assert.doesNotMatch(told!.why, /noise.*noise/);
  }
});
