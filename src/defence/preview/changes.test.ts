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
  const observing = mode('service-external-ips', 'observe');
  assert.deepEqual(told([service, on], observing), ['opens Services']);
  assert.deepEqual(told([service, observing], on), ['breaks Service shop/web']);
  assert.deepEqual(told([service, off], observing), [], 'both let it pass');
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

test('what of a Service or an Ingress is not evaluated is unknown when it changes, and never safe', () => {
  const ports = [{ port: 80, targetPort: 8080 }];
  const service = (spec: object, metadata: object = {}) => object('v1', 'Service', 's', { spec }, metadata);
  const paths = (name: string) => [{ path: '/', pathType: 'Prefix', backend: { service: { name } } }];
  const ingress = (name: string, spec: object = {}) =>
    object('networking.k8s.io/v1', 'Ingress', 's', {
      spec: { rules: [{ host: 'h', http: { paths: paths(name) } }], ...spec },
    });
  const balanced = { type: 'LoadBalancer', ports };
  const at = (nodePort: number) => ({ type: 'NodePort', ports: [{ port: 80, targetPort: 8080, nodePort }] });
  const pairs: [Manifest, Manifest, RegExp][] = [
    [service({ externalName: 'a.example' }), service({ externalName: 'b.example' }), /externalName/],
    [service(at(30080)), service(at(30081)), /no longer reachable from outside: NodePort TCP 80 \(port 30080/],
    [service(balanced), service({ ...balanced, loadBalancerSourceRanges: ['10.0.0.0/8'] }), /loadBalancerSourceRanges/],
    [service({ ports }), service({ ports: [{ port: 81, targetPort: 8080 }] }), /ports/],
    [service({ ports }), service({ ports }, { annotations: { internal: 'true' } }), /annotations/],
    [ingress('a'), ingress('b'), /where h\/ leads/],
    [ingress('a'), ingress('a', { ingressClassName: 'other' }), /ingressClassName/],
  ];
  const toldOf = (was: Manifest, will: Manifest) =>
    preview(clusterOf([namespace('shop'), was]), [{ put: will }], noObservations(), 0).impacts;
  for (const [was, will, why] of pairs) {
    const unknown = toldOf(was, will).filter(({ outcome }) => outcome === 'unknown');
    assert.match(unknown.map((impact) => impact.why).join(), why);
  }
  const more = service({ ports: [...ports, { port: 81, targetPort: 8081 }] }, { labels: { a: 'b' } });
  assert.deepEqual(
    toldOf(service({ ports }), more).map(({ outcome }) => outcome),
    ['safe'],
    'a port more',
  );
});

test('labels and ports that a Service no longer finds at its pods leave unknown what was seen through it', () => {
  const service = object('v1', 'Service', 'db', {
    spec: { selector: { app: 'db' }, ports: [{ port: 5432, targetPort: 'main' }] },
  });
  const db = running('db', 5432, ['10.0.0.2']);
  const objects = [namespace('shop'), ...running('api', 80, ['10.0.0.1']), ...db, service];
  const changedBy = (change: (template: any) => void) => {
    const put = structuredClone(db[0]!);
    change(put['spec'].template);
    return preview(clusterOf(objects), [{ put }], watched({ flows: [flow('api', 'db', 5432)] }), 0)
      .impacts.filter(({ outcome }) => outcome === 'unknown')
      .map(({ subject }) => subjectText(subject));
  };
  const cut = ['Deployment shop/api → Deployment shop/db TCP 5432', 'Service shop/db'];
  assert.deepEqual(
    changedBy((template) => {
      template.metadata.labels = { other: 'db' };
    }),
    cut,
  );
  assert.deepEqual(
    changedBy((template) => {
      template.spec.containers[0].ports[0].name = 'other';
    }),
    cut,
  );
  assert.deepEqual(
    changedBy((template) => {
      template.metadata.labels.version = '2';
    }),
    [],
  );
});

test('a Service that asks for labels that its pods do not have yet leads nowhere until they are made anew', () => {
  const service = (version: string) =>
    object('v1', 'Service', 'db', { spec: { selector: { app: 'db', version }, ports: [{ port: 5432 }] } });
  const db = running('db', 5432, ['10.0.0.2']).map((each) => structuredClone(each));
  for (const each of db) (each['spec'].template?.metadata ?? each.metadata).labels.version = '1';
  const put = structuredClone(db[0]!);
  put['spec'].template.metadata.labels.version = '2';
  const { impacts } = preview(
    clusterOf([namespace('shop'), ...db, service('1')]),
    [{ put: service('2') }, { put }],
    noObservations(),
    0,
  );
  const found = impacts.find(({ subject }) => subjectText(subject) === 'Service shop/db')!;
  assert.equal(found.outcome, 'unknown');
  assert.match(found.why, /until its pods are made anew/);
});

test('where a name leads by an EndpointSlice that somebody wrote is not judged, and that is said', () => {
  const slice = object('discovery.k8s.io/v1', 'EndpointSlice', 's', { endpoints: [{ addresses: ['192.0.2.1'] }] });
  const { coverage } = preview(clusterOf([namespace('shop'), slice]), [{ remove: refOf(slice) }], noObservations(), 0);
  assert.ok(coverage.notAssessed.includes('EndpointSlice shop/s: what a change of this kind does is not judged'));
});

test('a removed ServiceAccount breaks the calls that were seen of it, wherever its tokens are held', () => {
  const account = (name: string) => object('v1', 'ServiceAccount', name);
  const rbac = 'rbac.authorization.k8s.io/v1';
  const role = object(rbac, 'Role', 'r', { rules: [] });
  const binding = object(rbac, 'RoleBinding', 'r', {
    roleRef: { kind: 'Role', name: 'r' },
    subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'idle' }],
  });
  const at = clusterOf([namespace('shop'), ...['ci', 'idle', 'none'].map(account), role, binding]);
  const call = {
    ...{ user: 'system:serviceaccount:shop:ci', groups: [], verb: 'get', resource: 'pods', group: '', subresource: '' },
    ...{ namespace: 'shop', name: '', path: '', allowed: true, firstMs: 0, lastMs: 0, count: 1 },
  };
  const expected = ['breaks system:serviceaccount:shop:ci: get pods in shop', 'unknown ServiceAccount shop/idle'];
  for (const removed of [['ci', 'idle', 'none'].map((name) => refOf(account(name))), [refOf(namespace('shop'))]]) {
    const changes = removed.map((remove): Change => ({ remove }));
    const { impacts } = preview(at, changes, watched({ calls: [call] }), 0);
    assert.deepEqual(
      impacts.map(({ outcome, subject }) => `${outcome} ${subjectText(subject)}`),
      expected,
    );
  }
});
