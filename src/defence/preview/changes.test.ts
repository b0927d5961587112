import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { noObservations } from '../../api/observations/observation.ts';
import type { Manifest } from '../contract.ts';
import { refOf } from '../object-ref.ts';
import type { Change } from '../snapshot/snapshot.ts';
import { previewers } from './changes.ts';
import { preview, subjectText } from './preview.ts';
import { clusterOf, flow, namespace, object, policy, running, watched } from './testing/cluster.ts';
import { cron } from './testing/told.ts';

test('every file of the family is in the list, and every previewer in the recipe', async () => {
  const folder = join(import.meta.dirname, 'changes');
  const made = await Promise.all(readdirSync(folder).map((file) => import(join(folder, file))));
  const exported = made
    .flatMap((module) => Object.values(module))
    .filter((value: any) => value?.impacts && value.concerns);
  assert.deepEqual(new Set(exported), new Set(previewers));
  assert.equal(new Set(previewers.map(({ name }) => name)).size, previewers.length);
  const recipe = readFileSync(join(import.meta.dirname, '../../../docs/recipes/preview-a-change.md'), 'utf8');
  for (const { name } of previewers) assert.ok(recipe.includes(`\`${name}\``), `the recipe does not tell of ${name}`);
});

const mode = (name: string, spec: string) =>
  object('defence.rempart.io/v1alpha1', 'Protection', name, { spec: { mode: spec } }, { namespace: undefined });
const told = (objects: Parameters<typeof clusterOf>[0], change: ReturnType<typeof mode>) =>
  preview(clusterOf(objects), [{ put: change }], noObservations(), 0).impacts.map(
    ({ outcome, subject }) => `${outcome} ${subjectText(subject)}`,
  );

test('external addresses: who claims some is refused when it is made again; off opens', () => {
  const service = object('v1', 'Service', 'web', { spec: { externalIPs: ['192.0.2.1'] } });
  const plain = object('v1', 'Service', 'plain', { spec: {} });
  const [off, on] = [mode('service-external-ips', 'off'), mode('service-external-ips', 'enforce')];
  assert.deepEqual(told([service, plain, off], on), ['breaks Service shop/web']);
  assert.deepEqual(told([service, on], off), ['opens Services']);
});

test('isolation of namespaces is not judged where nothing is known to isolate by it', () => {
  const objects = [namespace('shop'), ...running('web', 80, ['10.0.0.1'])];
  for (const where of [{ closedByDefault: false }, { closedByDefault: false, source: 'manifests' as const }]) {
    const { impacts, coverage } = preview(
      clusterOf(objects, where),
      [{ put: mode('namespace-isolation', 'deny') }],
      noObservations(),
      0,
    );
    assert.deepEqual(impacts, []);
    assert.match(coverage.notAssessed.join(), /^Protection namespace-isolation: .* is not judged$/);
  }
});

test('a pod that no controller makes again is told when it goes; one that is made again is not', () => {
  const bare = object('v1', 'Pod', 'bare', { spec: { containers: [] } });
  const over = object('v1', 'Pod', 'over', { spec: { containers: [] }, status: { phase: 'Succeeded' } });
  const web = running('web', 80, ['10.0.0.1']);
  const pods = [bare, over, ...web.filter(({ kind }) => kind === 'Pod')];
  const changes = pods.map((pod) => ({ remove: { kind: 'Pod', namespace: 'shop', name: pod.metadata.name } }));
  const { impacts } = preview(clusterOf([namespace('shop'), ...web, bare, over]), changes, noObservations(), 0);
  assert.deepEqual(
    impacts
      .filter(({ subject }) => subject.type === 'object')
      .map(({ outcome, subject, why }) => [outcome, subjectText(subject), why.split(';')[0]]),
    [['unknown', 'Pod shop/bare', 'it is removed']],
  );
});

test('of several changes to one object the last one counts, also where it is as it was or nothing', () => {
  const deny = policy('deny', { podSelector: {}, policyTypes: ['Ingress'] });
  const allow = policy('deny', { podSelector: {}, ingress: [{}] });
  const objects = [namespace('shop'), ...running('front', 80, ['10.0.0.1']), ...running('api', 8080, ['10.0.0.2'])];
  const seen = watched({ flows: [flow('front', 'api', 8080)] });
  const outcomes = (before: Manifest[], changes: Change[]) =>
    preview(clusterOf([...objects, ...before]), changes, seen, 0).impacts.map(({ outcome }) => outcome);
  assert.ok(outcomes([], [{ put: deny }]).includes('breaks'));
  assert.deepEqual(outcomes([], [{ put: deny }, { remove: refOf(deny) }]), []);
  assert.deepEqual(outcomes([allow], [{ put: deny }, { put: allow }]), []);
});

test('a CronJob that is suspended runs no more', () => {
  const night = (suspend: boolean) => ({ ...cron('night'), spec: { ...cron('night')['spec'], suspend } });
  const why = (was: boolean, will: boolean) =>
    preview(clusterOf([namespace('shop'), night(was)]), [{ put: night(will) }], noObservations(), 0)
      .impacts.filter(({ outcome }) => outcome === 'unknown')
      .map(({ why }) => why.split(';')[0]);
  assert.deepEqual(why(false, true), ['it is suspended']);
  assert.deepEqual(why(true, true), []);
});

test('seccomp: workloads that say nothing are unknown under the profile, and open without', () => {
  const silent = running('web', 80, [], { securityContext: { runAsNonRoot: true } });
  const objects = [
    namespace('shop', { 'pod-security.kubernetes.io/enforce': 'baseline' }),
    ...silent,
    ...running('said', 80, []),
  ];
  assert.deepEqual(told([...objects, mode('seccomp', 'off')], mode('seccomp', 'enforce')), [
    'unknown Deployment shop/web',
    'safe Deployment shop/said',
  ]);
  assert.ok(
    told([...objects, mode('seccomp', 'enforce')], mode('seccomp', 'off')).includes('opens Deployment shop/web'),
  );
});

test('a Service that leads elsewhere leaves unknown what was seen through it; one that is exposed opens', () => {
  const service = (spec: object) =>
    object('v1', 'Service', 'api', { spec: { ports: [{ port: 80, targetPort: 8080 }], ...spec } });
  const objects = [namespace('shop'), ...running('api', 8080, ['10.0.0.1']), service({ selector: { app: 'api' } })];
  const change = (put: ReturnType<typeof service>) =>
    preview(clusterOf(objects), [{ put }], noObservations(), 0).impacts.map(
      ({ outcome, subject }) => `${outcome} ${subjectText(subject)}`,
    );
  assert.ok(change(service({ selector: { app: 'other' } })).includes('unknown Service shop/api'));
  assert.ok(change(service({ selector: { app: 'api' }, type: 'NodePort' })).includes('opens Service shop/api'));
  const ingress = object('networking.k8s.io/v1', 'Ingress', 'web', {
    spec: { rules: [{ host: 'shop.example', http: { paths: [{ path: '/' }] } }] },
  });
  assert.ok(change(ingress as any).includes('opens Ingress shop/web'));
});
