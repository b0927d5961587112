import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noObservations } from '../../api/observations/observation.ts';
import { exampleWebhook } from '../cluster/webhooks.ts';
import type { Manifest } from '../contract.ts';
import type { Change } from '../snapshot/snapshot.ts';
import { preview, subjectText } from './preview.ts';
import { clusterOf, namespace, object, running, template } from './testing/cluster.ts';
import { careless, cron, level, told } from './testing/told.ts';

test('an admission policy is held against everything that lives and every pod that will be made', () => {
  const group = 'admissionregistration.k8s.io';
  const rule = (resources: string[], groups: string[]) => ({
    apiGroups: groups,
    apiVersions: ['*'],
    operations: ['CREATE'],
    resources,
  });
  const vap = object(
    `${group}/v1`,
    'ValidatingAdmissionPolicy',
    'named',
    {
      spec: {
        matchConstraints: { resourceRules: [rule(['pods'], ['']), rule(['configmaps'], [''])] },
        validations: [
          {
            expression:
              "object.kind == 'ConfigMap' ? object.metadata.name != 'bad' : object.spec.containers.all(c, c.image.startsWith('example/'))",
            message: 'no',
          },
        ],
      },
    },
    { namespace: undefined },
  );
  const bound = object(
    `${group}/v1`,
    'ValidatingAdmissionPolicyBinding',
    'named',
    { spec: { policyName: 'named', validationActions: ['Deny'] } },
    { namespace: undefined },
  );
  const strange = { containers: [{ name: 'c', image: 'elsewhere/c:1' }] };
  const objects = [
    namespace('shop'),
    object('v1', 'ConfigMap', 'bad'),
    object('v1', 'ConfigMap', 'good'),
    ...running('web', 80, ['10.0.0.1']),
    cron('night', strange),
  ];
  const changes = [{ put: vap }, { put: bound }];
  assert.deepEqual(told(objects, changes), {
    'ConfigMap shop/bad': ['breaks'],
    'CronJob shop/night': ['breaks'],
    'Deployment shop/web': ['safe'],
  });
  assert.deepEqual(told(objects, [{ put: vap }])['ConfigMap shop/bad'], undefined, 'nothing is bound');
  const inForce = [...objects, vap, bound];
  assert.deepEqual(told(inForce, [{ put: cron('other', strange) }])['CronJob shop/other']?.[0], 'breaks');
  assert.deepEqual(
    told(inForce, [{ remove: { kind: `ValidatingAdmissionPolicy.${group}`, namespace: '', name: 'named' } }])[
      'ConfigMap shop/bad'
    ],
    ['opens'],
  );
});

test('a parameter or a namespace that changes is held against all that the policies then refuse', () => {
  const group = 'admissionregistration.k8s.io';
  const make = (kind: string, name: string, spec: object) =>
    object(`${group}/v1`, kind, name, { spec }, { namespace: undefined });
  const onDeployments = {
    apiGroups: ['apps'],
    apiVersions: ['v1'],
    operations: ['CREATE'],
    resources: ['deployments'],
  };
  const policyOf = (name: string, expression: string, spec: object = {}) =>
    make('ValidatingAdmissionPolicy', name, {
      ...{ matchConstraints: { resourceRules: [onDeployments] }, validations: [{ expression }], ...spec },
    });
  const bindingOf = (name: string, spec: object) =>
    make('ValidatingAdmissionPolicyBinding', name, { policyName: name, validationActions: ['Deny'], ...spec });
  const limit = (max: string) => object('v1', 'ConfigMap', 'limit', { data: { max } });
  const objects = [
    ...[namespace('shop'), limit('5'), ...running('web', 80, ['10.0.0.1', '10.0.0.2'])],
    policyOf('few', 'object.spec.replicas <= int(params.data.max)', {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    }),
    bindingOf('few', { paramRef: { name: 'limit', namespace: 'shop', parameterNotFoundAction: 'Deny' } }),
    policyOf('closed', 'false'),
    bindingOf('closed', { matchResources: { namespaceSelector: { matchLabels: { closed: 'yes' } } } }),
  ];
  const web = (change: Change) => told(objects, [change])['Deployment shop/web'];
  assert.deepEqual(web({ put: limit('1') }), ['breaks']);
  assert.deepEqual(web({ put: limit('3') }), ['safe']);
  assert.deepEqual(web({ remove: { kind: 'ConfigMap', namespace: 'shop', name: 'limit' } }), ['breaks']);
  assert.deepEqual(web({ put: namespace('shop', { closed: 'yes' }) }), ['breaks']);
  assert.deepEqual(web({ put: namespace('shop', { closed: 'no' }) }), ['safe']);
});

test('what controllers make between, what those of other kinds keep, and what LimitRanges fill in is judged, too', () => {
  const group = 'admissionregistration.k8s.io';
  const make = (kind: string, spec: object) => object(`${group}/v1`, kind, 'p', { spec }, { namespace: undefined });
  const refusing = (apiGroup: string, resource: string, expression = 'false'): Change => ({
    put: make('ValidatingAdmissionPolicy', {
      matchConstraints: {
        resourceRules: [{ apiGroups: [apiGroup], apiVersions: ['v1'], operations: ['CREATE'], resources: [resource] }],
      },
      validations: [{ expression }],
    }),
  });
  const owned = {
    ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Rollout', name: 'r', uid: 'r', controller: true }],
  };
  const range = object('v1', 'LimitRange', 'range', {
    spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] },
  });
  const objects = [
    ...[level('privileged'), cron('night'), ...running('web', 80, ['10.0.0.1'])],
    object('v1', 'Pod', 'rolled', { spec: template('rolled', 1).spec }, owned),
    object('apps/v1', 'StatefulSet', 'kept', { spec: { template: template('kept', 1) } }, owned),
    make('ValidatingAdmissionPolicyBinding', { policyName: 'p', validationActions: ['Deny'] }),
  ];
  const broken = (change: Change, there = objects) =>
    Object.entries(told(there, [change]))
      .filter(([, outcomes]) => outcomes.includes('breaks'))
      .map(([text]) => text)
      .sort();
  assert.deepEqual(broken(refusing('apps', 'replicasets')), ['Deployment shop/web']);
  assert.deepEqual(broken(refusing('batch', 'jobs')), ['CronJob shop/night']);
  assert.deepEqual(broken(refusing('apps', 'statefulsets')), ['StatefulSet shop/kept']);
  assert.ok(broken(refusing('', 'pods')).includes('Pod shop/rolled'));
  const token = { name: 'kube-api-access-x', projected: { sources: [] } };
  const mounted = (each: Manifest): Manifest => ({ ...each, spec: { ...each['spec'], volumes: [token] } });
  const mounting = objects.map((each) => (each.kind === 'Pod' ? mounted(each) : each));
  const unmounted = refusing('', 'pods', '!has(object.spec.volumes) && !has(object.spec.nodeName)');
  assert.ok(broken(unmounted, mounting).includes('Deployment shop/web'), 'its pods show what its template does not');
  assert.ok(!broken(unmounted).includes('Deployment shop/web'));
  const made = (each: Manifest, creationTimestamp: string, name = each.metadata.name): Manifest => ({
    ...each,
    metadata: { ...each.metadata, creationTimestamp, name },
  });
  const withOlder = objects.flatMap((each) =>
    each.kind === 'Pod'
      ? [made(each, '2026-01-02T00:00:00Z'), made(mounted(each), '2026-01-01T00:00:00Z', `${each.metadata.name}-older`)]
      : each,
  );
  assert.ok(!broken(unmounted, withOlder).includes('Deployment shop/web'), 'the last one that was made shows it');
  const limited = refusing('', 'pods', "object.spec.containers.all(c, 'cpu' in c.resources.limits)");
  assert.ok(broken(limited).includes('CronJob shop/night'));
  assert.deepEqual(broken(limited, [...objects, range]), []);
  const { put } = limited as { put: Manifest };
  const remove: Change = { remove: { kind: 'LimitRange', namespace: 'shop', name: 'range' } };
  assert.ok(broken(remove, [...objects, range, put]).includes('CronJob shop/night'));
});

test('pods of a new template are safe only where no webhook is asked about them, and nothing changes them', () => {
  const webhook = (kind: string, fields: object = {}) =>
    exampleWebhook({ namespaceSelector: undefined, ...fields }, kind);
  const [web] = running('web', 80, ['10.0.0.1']);
  const isNew = (...others: Manifest[]) =>
    told([level('privileged'), ...others], [{ put: web! }], false)['Deployment shop/web'];
  const [validating, mutating] = ['ValidatingWebhookConfiguration', 'MutatingWebhookConfiguration'];
  assert.deepEqual(isNew(), ['safe']);
  assert.deepEqual(isNew(webhook(validating!)), ['unknown']);
  assert.deepEqual(isNew(webhook(mutating!)), ['unknown']);
  assert.deepEqual(isNew(webhook(validating!, { namespaceSelector: { matchLabels: { a: 'b' } } })), ['safe']);
  assert.deepEqual(isNew(webhook(validating!, { objectSelector: { matchLabels: { app: 'other' } } })), ['safe']);
  const services = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['services'], operations: ['CREATE'] }];
  assert.deepEqual(isNew(webhook(validating!, { rules: services })), ['safe']);
  const stricter = (...others: Manifest[]) =>
    told([level('privileged'), ...others], [{ put: level('restricted') }], false);
  const day = cron('day');
  assert.deepEqual(stricter(day, webhook(validating!))['CronJob shop/day'], ['safe']);
  assert.deepEqual(stricter(day, webhook(mutating!))['CronJob shop/day'], ['unknown']);
  const lives = stricter(...running('web', 80, ['10.0.0.1']), webhook(mutating!));
  assert.deepEqual(lives['Deployment shop/web'], ['safe']);
  const ours = told([level('privileged'), webhook(validating!), webhook(mutating!)], [{ put: web! }]);
  assert.deepEqual(ours['Deployment shop/web'], ['safe'], 'our own server calls no webhooks');
});

test('a namespace has its name for a label also where its manifest does not say so; one that is not known may be meant', () => {
  const selector = (name: string) => ({ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } });
  const shop: Manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  const [web] = running('web', 80, []);
  const outcomes = (objects: Manifest[], changes: Manifest[]) =>
    preview(
      clusterOf(objects, { source: 'manifests', closedByDefault: false }),
      changes.map((put) => ({ put })),
      noObservations(),
      0,
    )
      .impacts.filter(({ subject }) => subjectText(subject) === 'Deployment shop/web')
      .map(({ outcome }) => outcome);
  const asked = (name: string, ...there: Manifest[]) =>
    outcomes([...there, exampleWebhook(selector(name), 'ValidatingWebhookConfiguration')], [web!]);
  assert.deepEqual(asked('shop', shop), ['unknown']);
  assert.deepEqual(asked('other', shop), ['safe']);
  assert.deepEqual(asked('other'), ['unknown']);
  const group = 'admissionregistration.k8s.io/v1';
  const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
  const cluster = { namespace: undefined };
  const policy = (name: string) => {
    const spec = {
      matchConstraints: { resourceRules: [rule], ...selector(name) },
      validations: [{ expression: 'false' }],
    };
    const bound = { spec: { policyName: 'v', validationActions: ['Deny'] } };
    return [
      object(group, 'ValidatingAdmissionPolicy', 'v', { spec }, cluster),
      object(group, 'ValidatingAdmissionPolicyBinding', 'v', bound, cluster),
    ];
  };
  assert.deepEqual(outcomes([shop, web!], policy('shop')), ['breaks']);
  assert.deepEqual(outcomes([shop, web!], policy('other')), ['safe']);
});

test('pods are judged as mutating policies leave them, where that is known', () => {
  const group = 'admissionregistration.k8s.io/v1';
  const resourceRules = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }];
  const patches = (expression: string, more: object = {}) => [
    object(group, 'MutatingAdmissionPolicy', 'm', {
      spec: {
        matchConstraints: { resourceRules },
        reinvocationPolicy: 'Never',
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
        ...more,
      },
    }),
    object(group, 'MutatingAdmissionPolicyBinding', 'm', { spec: { policyName: 'm' } }),
  ];
  const opens = '[JSONPatch{op: "add", path: "/spec/hostNetwork", value: true}]';
  const mends =
    '[JSONPatch{op: "replace", path: "/spec/containers/0/securityContext", value: Object.spec.containers.securityContext{privileged: false}}]';
  const onlyFor = (name: string) => ({
    matchConditions: [{ name: 'who', expression: `request.userInfo.username == "${name}"` }],
  });
  const of = (pod: object, ...others: Manifest[]) =>
    told([level('privileged'), cron('day', pod), ...others], [{ put: level('baseline') }])['CronJob shop/day'];
  assert.deepEqual(of({}), ['safe']);
  assert.deepEqual(of(careless), ['breaks']);
  assert.deepEqual(of({}, ...patches(opens)), ['breaks']);
  assert.deepEqual(of(careless, ...patches(mends)), ['safe']);
  assert.deepEqual(of({}, patches(opens)[0]!), ['safe'], 'nothing binds it');
  assert.deepEqual(of({}, ...patches(opens, onlyFor('anna'))), ['unknown']);
  assert.deepEqual(of(careless, ...patches(mends, onlyFor('anna'))), ['unknown']);
  assert.deepEqual(of(careless, ...patches(opens, onlyFor('anna'))), ['breaks'], 'it is refused in either case');
  const fails = patches('[JSONPatch{op: "remove", path: "/spec/absent"}]');
  assert.deepEqual(of(careless, ...fails), undefined, 'a policy that fails refused its pods before, too');
});

test('validating policies are held against what mutating ones leave', () => {
  const group = 'admissionregistration.k8s.io/v1';
  const cluster = { namespace: undefined };
  const rules = [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['CREATE', 'UPDATE'] }];
  const matchConstraints = { resourceRules: rules };
  const expression = 'Object{metadata: Object.metadata{labels: {"team": "web"}}}';
  const mutations = [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression } }];
  const adds = [
    object(
      group,
      'MutatingAdmissionPolicy',
      'm',
      {
        spec: { matchConstraints, reinvocationPolicy: 'Never', mutations },
      },
      cluster,
    ),
    object(group, 'MutatingAdmissionPolicyBinding', 'm', { spec: { policyName: 'm' } }, cluster),
  ];
  const validations = [{ expression: 'has(object.metadata.labels) && "team" in object.metadata.labels' }];
  const asks = [
    object(group, 'ValidatingAdmissionPolicy', 'v', { spec: { matchConstraints, validations } }, cluster),
    object(
      group,
      'ValidatingAdmissionPolicyBinding',
      'v',
      { spec: { policyName: 'v', validationActions: ['Deny'] } },
      cluster,
    ),
  ];
  const map = object('v1', 'ConfigMap', 'plain');
  const of = (...others: Manifest[]) =>
    told(
      [level('privileged'), map, ...others],
      asks.map((put) => ({ put })),
    )['ConfigMap shop/plain'];
  assert.deepEqual(of(), ['breaks']);
  assert.deepEqual(of(...adds), undefined);
});

test('a policy about Secrets is not held against them; one about anything else is, whatever its scope', () => {
  const of = (resources: string[]) => {
    const rule = { apiGroups: ['*'], apiVersions: ['*'], operations: ['CREATE'], resources, scope: '*' };
    const spec = { matchConstraints: { resourceRules: [rule] }, validations: [{ expression: 'true' }] };
    const put = object('admissionregistration.k8s.io/v1', 'ValidatingAdmissionPolicy', 'v', { spec });
    return preview(clusterOf([level('privileged')]), [{ put }], noObservations(), 0).coverage.notAssessed;
  };
  assert.match(of(['secrets']).join(), /Secrets: their content is never read/);
  assert.match(of(['*']).join(), /Secrets: their content is never read/);
  assert.deepEqual(of(['deployments']), []);
});

test('what a policy decides besides objects that are written is not assessed: a rollout deletes pods', () => {
  const about = (operations: string[], resources: string[]) => {
    const matchConstraints = { resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations, resources }] };
    const policy = object(
      'admissionregistration.k8s.io/v1',
      'ValidatingAdmissionPolicy',
      'p',
      { spec: { matchConstraints, validations: [{ expression: 'false' }] } },
      { namespace: undefined },
    );
    const objects = [namespace('shop'), ...running('web', 80, ['10.0.0.1'])];
    const { coverage } = preview(clusterOf(objects), [{ put: policy }], noObservations(), 0);
    return coverage.notAssessed.filter((text) => text.startsWith('ValidatingAdmissionPolicy p'));
  };
  assert.match(about(['DELETE'], ['pods'])[0]!, /what it says to DELETE:/);
  assert.match(about(['*'], ['pods'])[0]!, /what it says to DELETE, CONNECT:/);
  assert.match(about(['UPDATE'], ['deployments/scale'])[0]!, /what it says to deployments\/scale:/);
  assert.deepEqual(about(['CREATE', 'UPDATE'], ['pods']), []);
});
