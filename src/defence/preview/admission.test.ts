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

const quota = (hard: Record<string, string>) => object('v1', 'ResourceQuota', 'small', { spec: { hard } });

test('a quota: what is over stays, what comes next must fit, and a rolling update needs room', () => {
  const objects = [namespace('shop'), ...running('web', 80, ['10.0.0.1', '10.0.0.2']), cron('night')];
  const impacts = (hard: Record<string, string>) => told(objects, [{ put: quota(hard) }]);
  const roomy = impacts({ pods: '3' });
  assert.deepEqual(roomy['Deployment shop/web'], ['safe']);
  assert.deepEqual(roomy['CronJob shop/night'], ['safe']);
  const exact = impacts({ pods: '2' });
  assert.deepEqual(exact['Pod shop/web-1-0'], ['safe']);
  assert.deepEqual(exact['Deployment shop/web'], ['breaks'], 'two replicas: none may go before one more is there');
  assert.deepEqual(exact['CronJob shop/night'], ['unknown']);
  assert.deepEqual(impacts({ pods: '1' })['Pod shop/web-1-0'], ['breaks']);
  assert.deepEqual(impacts({ pods: '1' })['ResourceQuota shop/small'], ['unknown']);
  assert.deepEqual(impacts({ 'requests.cpu': '50m' })['CronJob shop/night'], ['breaks']);
  assert.deepEqual(impacts({ 'limits.cpu': '50' })['Deployment shop/web'], ['breaks'], 'it must say a limit');
  const all = preview(clusterOf(objects), [{ put: quota({ pods: '2' }) }], noObservations(), 0).impacts;
  const { allowance } = all.find(({ subject }) => subjectText(subject) === 'Deployment shop/web')!;
  assert.deepEqual(told(objects, [{ put: quota({ pods: '2' }) }, ...allowance!.changes])['Deployment shop/web'], [
    'safe',
  ]);
});

test('a quota must hold all pods that a Job runs at once, and one for each node of a DaemonSet', () => {
  const job = (name: string, spec: object) =>
    object('batch/v1', 'Job', name, { spec: { ...spec, template: template(name, 1) } });
  const next = cron('next');
  next['spec'].jobTemplate.spec.parallelism = 4;
  const set = object(
    'apps/v1',
    'DaemonSet',
    'set',
    { spec: { template: template('set', 1) }, status: { desiredNumberScheduled: 4 } },
    {},
  );
  const objects = [
    ...[
      namespace('shop'),
      next,
      set,
      job('wide', { parallelism: 4 }),
      job('short', { parallelism: 4, completions: 3 }),
    ],
    job('waits', { parallelism: 3, suspend: true }),
    { ...job('nearly', { parallelism: 9, completions: 9 }), status: { succeeded: 8 } },
  ];
  const outcomes = (pods: string) => told(objects, [{ put: quota({ pods }) }]);
  assert.deepEqual(outcomes('3'), {
    'CronJob shop/next': ['breaks'],
    'DaemonSet shop/set': ['breaks'],
    'Job shop/wide': ['breaks'],
    'Job shop/short': ['safe'],
    'Job shop/waits': ['safe'],
    'Job shop/nearly': ['safe'],
    'ResourceQuota shop/small': ['safe'],
  });
  assert.ok(Object.values(outcomes('4')).every(([outcome]) => outcome === 'safe'));
});

test('a quota counts the objects of a folder that is applied', () => {
  const objects = [namespace('shop'), quota({ services: '1' }), object('v1', 'Service', 'a', { spec: {} })];
  const service = object('v1', 'Service', 'b', { spec: { ports: [{ port: 80 }] } });
  assert.deepEqual(told(objects, [{ put: service }])['Service shop/b'], ['breaks']);
});

test('of several new objects a quota refuses those for which nothing is left, and one allowance is for all of them', () => {
  const service = (name: string, spec: object = {}) => object('v1', 'Service', name, { spec });
  const objects = [namespace('shop'), quota({ services: '2', 'services.nodeports': '0' }), service('a')];
  const changes = ['b', 'c', 'd'].map((name) => ({ put: service(name) }));
  const { impacts } = preview(clusterOf(objects), changes, noObservations(), 0);
  const refused = impacts.filter(({ outcome }) => outcome === 'breaks');
  assert.deepEqual(
    refused.map(({ subject }) => subjectText(subject)),
    ['Service shop/c', 'Service shop/d'],
  );
  for (const { allowance } of refused)
    assert.ok(
      !Object.values(told(objects, [...allowance!.changes, ...changes]))
        .flat()
        .includes('breaks'),
    );
  const opened = told(objects, [{ put: service('a', { type: 'NodePort', ports: [{ port: 80 }] }) }]);
  assert.equal(opened['Service shop/a']![0], 'breaks', 'a change may use more');
});

test('a LimitRange refuses what is out of bounds, after its own defaults', () => {
  const objects = [
    namespace('shop'),
    ...running('web', 80, ['10.0.0.1']),
    cron('night', { containers: [{ name: 'c' }] }),
  ];
  const range = (limit: object) =>
    object('v1', 'LimitRange', 'bounds', { spec: { limits: [{ type: 'Container', ...limit }] } });
  const strict = told(objects, [{ put: range({ max: { memory: '100Mi' } }) }]);
  assert.deepEqual(strict['Deployment shop/web'], ['breaks']);
  assert.deepEqual(strict['CronJob shop/night'], ['safe'], 'it says no limit: the largest is its default');
  const low = told(objects, [{ put: range({ default: { memory: '32Mi' } }) }]);
  assert.deepEqual(low['Deployment shop/web'], ['safe'], 'it says its own limit');
  const unlimited = { containers: [{ name: 'c', resources: { requests: { memory: '64Mi' } } }] };
  const below = told([namespace('shop'), cron('asks', unlimited)], [{ put: range({ default: { memory: '32Mi' } }) }]);
  assert.deepEqual(below['CronJob shop/asks'], ['breaks'], 'the default limit is less than it asks for');
  const helped = told(objects, [{ put: range({ max: { memory: '200Mi' }, default: { memory: '100Mi' } }) }]);
  assert.deepEqual(helped['CronJob shop/night'], ['safe']);
});

test('of several LimitRanges any may fill in its defaults first', () => {
  const range = (name: string, limit: object) =>
    object('v1', 'LimitRange', name, { spec: { limits: [{ type: 'Container', ...limit }] } });
  const plain = object('v1', 'Pod', 'plain', { spec: { containers: [{ name: 'c', image: 'c:1' }] } });
  const large = range('large', { default: { cpu: '2' } });
  const small = range('small', { default: { cpu: '250m' }, max: { cpu: '250m' } });
  for (const [there, put] of [
    [large, small],
    [small, large],
  ] as const)
    assert.deepEqual(told([level('privileged'), plain, there], [{ put }])['Pod shop/plain'], ['unknown']);
  const none = range('none', { max: { cpu: '1' }, default: { cpu: '2' } });
  assert.deepEqual(told([level('privileged'), plain], [{ put: none }])['Pod shop/plain'], ['breaks']);
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
  const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'web', key: 'a' } } }];
  const volumes = [{ name: 'v', secret: { secretName: 'web', items: [{ key: 'a', path: 'a' }] } }];
  const spec = { containers: [{ ...container, env }], volumes, imagePullSecrets: [{ name: 'pull' }] };
  const holding = (kind: string, name: string, rest: object = {}) => object('v1', kind, name, rest);
  const data = { a: 'MQ==', b: 'MQ==' };
  const objects = [
    ...[namespace('shop'), holding('ConfigMap', 'web', { data }), holding('Secret', 'web'), holding('Secret', 'pull')],
    ...running('web', 80, [], spec),
  ];
  const outcome = (change: Change) => told(objects, [change])['Deployment shop/web'];
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
