import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noObservations } from '../../api/observations/observation.ts';
import type { Manifest } from '../contract.ts';
import type { Change } from '../snapshot/snapshot.ts';
import { preview, subjectText } from './preview.ts';
import { clusterOf, namespace, object, running, template } from './testing/cluster.ts';
import { cron, level, told } from './testing/told.ts';

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

test('a LimitRange that goes takes with it what a quota asks for', () => {
  const bare = { containers: [{ name: 'c', image: 'c:1' }] };
  const range = object('v1', 'LimitRange', 'range', {
    spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] },
  });
  const quota = object('v1', 'ResourceQuota', 'quota', { spec: { hard: { 'limits.cpu': '4' } } });
  const objects = [level('privileged'), range, ...running('web', 80, [], bare)];
  const remove = { kind: 'LimitRange', namespace: 'shop', name: 'range' };
  assert.deepEqual(told([...objects, quota], [{ remove }])['Deployment shop/web'], ['breaks']);
  assert.deepEqual(told(objects, [{ remove }])['Deployment shop/web'], ['safe']);
});

test('a quota counts what classes add to a pod: overhead of its runtime, and the priority that counts where it names none', () => {
  const quota = (spec: object): Change => ({ put: object('v1', 'ResourceQuota', 'q', { spec }) });
  const whole = (apiVersion: string, kind: string, rest: object) =>
    object(apiVersion, kind, 'class', rest, { namespace: undefined });
  const runtime = whole('node.k8s.io/v1', 'RuntimeClass', {
    handler: 'h',
    overhead: { podFixed: { memory: '100Mi' } },
  });
  const priority = whole('scheduling.k8s.io/v1', 'PriorityClass', { value: 1, globalDefault: true });
  const web = running('web', 80, [], { runtimeClassName: 'class' });
  const outcome = (there: Manifest[], change: Change) =>
    told([namespace('shop'), ...web, ...there], [change])['Deployment shop/web'];
  assert.deepEqual(outcome([], quota({ hard: { 'requests.memory': '100Mi' } })), ['safe']);
  assert.deepEqual(outcome([runtime], quota({ hard: { 'requests.memory': '100Mi' } })), ['breaks']);
  const matchExpressions = [{ scopeName: 'PriorityClass', operator: 'In', values: ['class'] }];
  const none = quota({ hard: { pods: '0' }, scopeSelector: { matchExpressions } });
  assert.deepEqual(outcome([], none), ['safe']);
  assert.deepEqual(outcome([priority], none), ['breaks']);
});

test('claims that a StatefulSet still makes must be let in, as its pods', () => {
  const claim = (name: string) => object('v1', 'PersistentVolumeClaim', name, { spec: requesting });
  const requesting = { resources: { requests: { storage: '10Gi' } } };
  const set = object('apps/v1', 'StatefulSet', 'db', {
    spec: {
      replicas: 2,
      template: template('db', 1),
      volumeClaimTemplates: [{ metadata: { name: 'd' }, spec: requesting }],
    },
  });
  const range = (storage: string): Change => ({
    put: object('v1', 'LimitRange', 'r', { spec: { limits: [{ type: 'PersistentVolumeClaim', max: { storage } }] } }),
  });
  const quota = (storage: string): Change => ({
    put: object('v1', 'ResourceQuota', 'q', { spec: { hard: { 'requests.storage': storage } } }),
  });
  const outcome = (there: Manifest[], change: Change) =>
    told([namespace('shop'), set, ...there], [change])['StatefulSet shop/db'];
  const both = [claim('d-db-0'), claim('d-db-1')];
  assert.deepEqual(outcome([], range('1Gi')), ['breaks']);
  assert.deepEqual(outcome(both, range('1Gi')), ['unknown']);
  assert.deepEqual(outcome([], range('10Gi')), ['safe']);
  assert.deepEqual(outcome([], quota('19Gi')), ['breaks']);
  assert.deepEqual(outcome([], quota('20Gi')), ['safe']);
  assert.deepEqual(outcome(both.slice(1), quota('19Gi')), ['breaks']);
  assert.deepEqual(outcome(both, quota('20Gi')), ['safe']);
  const { put } = quota('19Gi') as { put: Manifest };
  assert.deepEqual(told([namespace('shop'), put], [{ put: set }])['StatefulSet shop/db'], ['breaks'], 'a new one');
});
