import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noObservations } from '../../api/observations/observation.ts';
import type { Manifest } from '../contract.ts';
import type { Change } from '../snapshot/snapshot.ts';
import { preview, subjectText } from './preview.ts';
import { clusterOf, namespace, object, running, template } from './testing/cluster.ts';
import { careless, cron, level, told } from './testing/told.ts';

const idle = object('apps/v1', 'Deployment', 'idle', {
  spec: { replicas: 0, template: template('idle', 1, careless) },
});

test('a stricter level breaks what violates it at its next start: pods, templates, zero replicas and CronJobs', () => {
  const objects = [
    level('privileged'),
    ...running('web', 80, ['10.0.0.1']),
    ...running('bad', 80, ['10.0.0.2'], careless),
    ...[idle, cron('night', careless), cron('day')],
  ];
  assert.deepEqual(told(objects, [{ put: level('restricted') }]), {
    'Pod shop/bad-1-0': ['breaks'],
    'Deployment shop/bad': ['breaks'],
    'Deployment shop/idle': ['breaks'],
    'CronJob shop/night': ['breaks'],
    'Pod shop/web-1-0': ['safe'],
    'Deployment shop/web': ['safe'],
    'CronJob shop/day': ['safe'],
  });
  const { impacts } = preview(clusterOf(objects), [{ put: level('restricted') }], noObservations(), 0);
  const bad = impacts.find(({ subject }) => subjectText(subject) === 'Deployment shop/bad')!;
  assert.match(
    bad.why,
    /^what runs runs on; its next pod is refused: violates PodSecurity "restricted:v1.36": privileged/,
  );
  assert.deepEqual(bad.by, ['Namespace shop']);
  const mended = told(objects, [{ put: level('restricted') }, ...bad.allowance!.changes]);
  assert.deepEqual(mended['Deployment shop/bad'], ['safe']);
  const pod = impacts.find(({ subject }) => subjectText(subject) === 'Pod shop/bad-1-0')!;
  assert.equal(pod.allowance!.text, 'enforce "privileged" in namespace shop');
});

test('older rules of the same level open the namespace where they are laxer, and newer ones where they let in more', () => {
  const ofVersion = (enforce: string, version: string) =>
    namespace('shop', {
      'pod-security.kubernetes.io/enforce': enforce,
      'pod-security.kubernetes.io/enforce-version': version,
    });
  const opens = (was: Manifest, will: Manifest) =>
    preview(clusterOf([was]), [{ put: will }], noObservations(), 0)
      .impacts.filter(({ outcome }) => outcome === 'opens')
      .map(({ why }) => /; laxer, or no more: (.*)$/.exec(why)?.[1]);
  const [baseline, restricted] = ['baseline', 'restricted'].map(
    (level) => (version: string) => ofVersion(level, version),
  );
  assert.deepEqual(opens(restricted!('latest'), restricted!('v1.18')), [
    'hostProbesAndHostLifecycle, capabilities_restricted, runAsUser, seccompProfile_restricted',
  ]);
  assert.deepEqual(opens(baseline!('v1.19'), baseline!('v1.18')), ['seccompProfile_baseline']);
  assert.deepEqual(opens(baseline!('v1.31'), baseline!('v1.32')), ['sysctls']);
  assert.deepEqual(opens(baseline!('v1.33'), baseline!('v1.34')), []);
  assert.deepEqual(opens(baseline!('latest'), restricted!('v1.33')), ['hostProbesAndHostLifecycle']);
});

test('a lower level opens the namespace; the default level counts where no label does', () => {
  const objects = [namespace('shop'), ...running('bad', 80, ['10.0.0.2'], careless)];
  const opened = told(objects, [{ put: level('privileged') }]);
  assert.deepEqual(opened['Namespace shop'], ['opens']);
  assert.deepEqual(opened['Deployment shop/bad'], ['opens']);
  const mode = (spec: string) =>
    object(
      'defence.rempart.io/v1alpha1',
      'Protection',
      'pod-security',
      { spec: { mode: spec } },
      { namespace: undefined },
    );
  const relaxed = [...objects, mode('privileged')];
  assert.deepEqual(told(relaxed, [{ put: mode('restricted') }])['Deployment shop/bad'], ['breaks']);
  const system = clusterOf([
    namespace('kube-system'),
    mode('privileged'),
    { ...objects[1]!, metadata: { name: 'x', namespace: 'kube-system' } },
  ]);
  const exempt = preview(system, [{ put: mode('restricted') }], noObservations(), 0).impacts;
  assert.deepEqual(
    exempt.map(({ outcome }) => outcome),
    ['safe'],
  );
});

test('the version of a level counts as much as the level', () => {
  const probing = { ...template('x', 1).spec };
  probing.containers[0] = {
    ...probing.containers[0]!,
    livenessProbe: { httpGet: { host: '192.0.2.1', port: 1 } },
  } as any;
  const pinned = namespace('shop', {
    'pod-security.kubernetes.io/enforce': 'baseline',
    'pod-security.kubernetes.io/enforce-version': 'v1.30',
  });
  const objects = [pinned, ...running('x', 1, ['10.0.0.1'], probing)];
  assert.deepEqual(told(objects, [{ put: level('baseline') }])['Deployment shop/x'], ['breaks']);
});

test('what pods refer to must be there at their next start', () => {
  const using = {
    volumes: [
      { name: 'c', configMap: { name: 'web' } },
      { name: 'o', secret: { secretName: 's', optional: true } },
    ],
  };
  const map = object('v1', 'ConfigMap', 'web');
  const objects = [namespace('shop'), map, ...running('web', 80, ['10.0.0.1'], using)];
  const remove: Change = { remove: { kind: 'ConfigMap', namespace: 'shop', name: 'web' } };
  assert.deepEqual(told(objects, [remove])['Deployment shop/web'], ['breaks']);
  assert.deepEqual(
    told(
      objects.filter((one) => one !== map),
      [{ put: map }],
    )['Deployment shop/web'],
    ['opens'],
  );
});

test('keys and pull secrets that go are missed, and what else is written in them is not assessed', () => {
  const [container] = template('web', 80).spec.containers;
  const asking = (key: string) => [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'web', key } } }];
  const env = asking('a');
  const volumes = [{ name: 'v', secret: { secretName: 'web', items: [{ key: 'a', path: 'a' }] } }];
  const spec = { containers: [{ ...container, env }], volumes, imagePullSecrets: [{ name: 'pull' }] };
  const holding = (kind: string, name: string, rest: object = {}) => object('v1', kind, name, rest);
  const data = { a: 'MQ==', b: 'MQ==' };
  const objects = [
    ...[namespace('shop'), holding('ConfigMap', 'web', { data }), holding('Secret', 'web'), holding('Secret', 'pull')],
    ...running('web', 80, [], spec),
  ];
  const outcome = (change: Change) => told(objects, [change])['Deployment shop/web'];
  const odd = { containers: [{ ...container, env: asking('constructor') }] };
  const had = [holding('ConfigMap', 'web', { data: { constructor: '' } }), ...running('odd', 80, [], odd)];
  const without = told(had, [{ put: holding('ConfigMap', 'web', { data }) }]);
  assert.deepEqual(without['Deployment shop/odd'], ['breaks'], 'own keys count');
  assert.deepEqual(outcome({ put: holding('ConfigMap', 'web', { data: { b: 'MQ==' } }) }), ['breaks']);
  assert.deepEqual(outcome({ put: holding('ConfigMap', 'web', { data: { a: 'Mg==' } }) }), ['safe']);
  assert.deepEqual(outcome({ put: holding('Secret', 'web', { data: { b: 'MQ==' } }) }), ['breaks']);
  assert.deepEqual(outcome({ put: holding('Secret', 'web', { type: 'Opaque' }) }), ['safe'], 'values were not read');
  assert.deepEqual(outcome({ remove: { kind: 'Secret', namespace: 'shop', name: 'pull' } }), ['unknown']);
  const put = holding('ConfigMap', 'web', { data: { a: 'Mg==' } });
  const { coverage } = preview(clusterOf(objects), [{ put }], noObservations(), 0);
  assert.deepEqual(coverage.notAssessed, [
    'ConfigMap shop/web: whether what uses it works with what is then written there',
  ]);
});

test('a pod that is removed is made again by its controller, if it is still let in', () => {
  const web = running('web', 80, ['10.0.0.1'], careless);
  const remove = { kind: 'Pod', namespace: 'shop', name: 'web-1-0' };
  assert.deepEqual(told([level('restricted'), ...web], [{ remove }])['Deployment shop/web'], ['breaks']);
  assert.deepEqual(told([level('privileged'), ...web], [{ remove }])['Deployment shop/web'], ['safe']);
});

test('kinds of others that make pods are named where rules for pods change: their objects are not read', () => {
  const defined = (kind: string, properties: object) =>
    object(
      'apiextensions.k8s.io/v1',
      'CustomResourceDefinition',
      kind,
      { spec: { group: 'example.com', names: { kind }, versions: [{ schema: { openAPIV3Schema: { properties } } }] } },
      { namespace: undefined },
    );
  const objects = [level('privileged'), defined('Rollout', { containers: { type: 'array' } }), defined('Other', {})];
  const missing = (put: Manifest) =>
    preview(clusterOf(objects, { closedByDefault: false }), [{ put }], noObservations(), 0)
      .coverage.notAssessed.map((text) => text.split(':')[0])
      .filter((text) => text?.endsWith('.example.com'));
  assert.deepEqual(missing(level('baseline')), ['Rollout.example.com']);
  assert.deepEqual(missing(object('v1', 'ConfigMap', 'web')), ['Rollout.example.com']);
  assert.deepEqual(missing(cron('night')), []);
});

test('elsewhere than on our clusters, what is enforced where no label says it is in no object', () => {
  const web = running('web', 80, [], careless);
  const removed = (closedByDefault: boolean) =>
    told([level('privileged'), ...web], [{ put: namespace('shop') }], closedByDefault)['Deployment shop/web'];
  assert.deepEqual(removed(false), ['unknown']);
  assert.deepEqual(removed(true), ['breaks']);
});

test('a folder of workloads: each is held against the rules of its namespace as they will be', () => {
  const changes: Change[] = [
    { put: namespace('new') },
    ...[idle, cron('night')].map(
      (put): Change => ({ put: { ...put, metadata: { ...put.metadata, namespace: 'new' } } }),
    ),
  ];
  const impacts = told([namespace('shop')], changes);
  assert.deepEqual(impacts['Deployment new/idle'], ['breaks']);
  assert.deepEqual(impacts['CronJob new/night'], ['safe']);
  const pod = object('v1', 'Pod', 'bare', { spec: careless });
  const whyOf = (...there: Manifest[]) =>
    preview(clusterOf([namespace('shop'), ...there]), [{ put: { ...pod } }], noObservations(), 0).impacts[0]!.why;
  assert.match(whyOf(), /^it is refused: /);
  assert.match(whyOf(pod), /^it runs on; made again it is refused: /);
});

test('what a change of a kind does that nobody judges is said, and an undo puts back what was', () => {
  const map = object('v1', 'ConfigMap', 'web', { data: { a: '1' } }, { resourceVersion: '7', managedFields: [] });
  const changed = { ...map, data: { a: '2' } };
  const { coverage, undo } = preview(
    clusterOf([map]),
    [{ put: object('v1', 'Event', 'e') }, { put: changed }],
    noObservations(),
    0,
  );
  assert.ok(coverage.notAssessed.some((text) => text.startsWith('Event shop/e: what a change of this kind does')));
  assert.deepEqual(undo, [
    { put: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace: 'shop', name: 'web' }, data: { a: '1' } } },
    { remove: { kind: 'Event', namespace: 'shop', name: 'e' } },
  ]);
});

test('a removed namespace takes everything with it, and the undo brings back what somebody wrote', () => {
  const objects = [namespace('shop'), ...running('web', 80, ['10.0.0.1']), object('v1', 'Secret', 's')];
  const { undo, coverage, impacts } = preview(
    clusterOf(objects),
    [{ remove: { kind: 'Namespace', namespace: '', name: 'shop' } }],
    noObservations(),
    0,
  );
  assert.deepEqual(
    undo.map((change) => ('put' in change ? change.put.kind : 'remove')),
    ['Namespace', 'Deployment'],
  );
  assert.ok(coverage.notAssessed.some((text) => text.startsWith('Secret shop/s cannot be put back')));
  assert.deepEqual(
    impacts.map(({ outcome, subject }) => `${outcome} ${subjectText(subject)}`),
    ['unknown Deployment shop/web'],
  );
});
