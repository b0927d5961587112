import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemClock } from '../../foundation/clock.ts';
import { type DefendedServer, grant, master, pod, startDefended } from '../testing/defended.ts';

/** What stands still has no time that runs out: a slow machine meets the bound of units, not that of seconds. */
let stopwatchMs: number | undefined;
const monotonicMs = () => stopwatchMs ?? systemClock.monotonicMs();

let server: DefendedServer;
before(async () => {
  server = await startDefended({}, { ...systemClock, monotonicMs });
});
after(() => server.stop());

const apiVersion = 'admissionregistration.k8s.io/v1';
const root = `/apis/${apiVersion}`;
const onDeployments = {
  resourceRules: [
    { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['deployments'] },
  ],
};

const policy = (name: string, spec: object) => ({
  ...{ apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name } },
  spec: { matchConstraints: onDeployments, ...spec },
});
const binding = (name: string, spec: object = {}) => ({
  ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name } },
  spec: { policyName: name, validationActions: ['Deny'], ...spec },
});
const deployment = (name: string, replicas: number, labels = {}) => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'a', labels } },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: pod(name)['spec'] },
  },
});
const deployments = '/apis/apps/v1/namespaces/a/deployments';

/** Runs with a policy in force, and takes it away again. */
async function under(spec: object, bound: object, work: () => Promise<void>): Promise<void> {
  await server.make(policy('p', spec), binding('p', bound));
  try {
    await work();
  } finally {
    for (const resource of ['validatingadmissionpolicybindings', 'validatingadmissionpolicies'])
      assert.equal((await server.ask(master, 'DELETE', `${root}/${resource}/p`)).code, 200);
  }
}

test("the documentation's policy refuses six replicas, on every way to them", async () => {
  await under({ validations: [{ expression: 'object.spec.replicas <= 5' }] }, {}, async () => {
    const refused = await server.ask(master, 'POST', deployments, deployment('six', 6));
    assert.equal(refused.code, 422);
    const text =
      "ValidatingAdmissionPolicy 'p' with binding 'p' denied request: failed expression: object.spec.replicas <= 5";
    assert.equal(refused.body.message, `deployments.apps "six" is forbidden: ${text}`);
    assert.equal(refused.body.reason, 'Invalid');
    assert.deepEqual(refused.body.details.causes, [{ message: text }]);
    assert.equal((await server.ask(master, 'POST', deployments, deployment('five', 5))).code, 201);
    const patch = await server.ask(
      master,
      'PATCH',
      `${deployments}/five`,
      { spec: { replicas: 6 } },
      'application/merge-patch+json',
    );
    assert.equal(patch.code, 422);
    assert.equal((await server.ask(master, 'DELETE', `${deployments}/five`)).code, 200);
  });
  assert.equal((await server.ask(master, 'POST', deployments, deployment('six', 6))).code, 201);
});

test('a reason and a made message reach the client; Warn only warns', async () => {
  const validation = {
    expression: 'object.spec.replicas <= variables.most',
    messageExpression: "'at most ' + string(variables.most) + ' for ' + request.userInfo.username",
    reason: 'Forbidden',
  };
  const spec = { variables: [{ name: 'most', expression: '5 - 1' }], validations: [validation] };
  await under(spec, {}, async () => {
    const refused = await server.ask(master, 'POST', deployments, deployment('five-b', 5));
    assert.equal(refused.code, 403);
    assert.match(refused.body.message, /denied request: at most 4 for master$/);
  });
  await under(spec, { validationActions: ['Warn', 'Audit'] }, async () => {
    const warned = await server.ask(master, 'POST', deployments, deployment('warned', 5));
    assert.equal(warned.code, 201);
    const text = "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'p': at most 4 for master";
    assert.deepEqual(warned.warnings, [text]);
  });
});

test('parameters come from a ConfigMap or from none', async () => {
  const spec = {
    paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
    validations: [{ expression: 'object.spec.replicas <= int(params.data.most)' }],
  };
  const paramRef = { name: 'limits', namespace: 'a', parameterNotFoundAction: 'Deny' };
  await under(spec, { paramRef }, async () => {
    const missing = await server.ask(master, 'POST', deployments, deployment('param', 1));
    assert.match(missing.body.message, /failed to configure binding: no params found/);
    await server.make({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'limits', namespace: 'a' },
      data: { most: '2' },
    });
    assert.equal((await server.ask(master, 'POST', deployments, deployment('param', 3))).code, 422);
    assert.equal((await server.ask(master, 'POST', deployments, deployment('param', 2))).code, 201);
  });
});

test('rights of the requester count', async () => {
  await server.make(...grant('dev', [{ verbs: ['*'], apiGroups: ['apps'], resources: ['deployments'] }]));
  const dev = { username: 'dev', groups: ['system:authenticated'] };
  const expression = "authorizer.group('').resource('secrets').namespace('a').check('get').allowed()";
  await under({ validations: [{ expression }] }, {}, async () => {
    assert.equal((await server.ask(dev, 'POST', deployments, deployment('by-dev', 1))).code, 422);
    assert.equal((await server.ask(master, 'POST', deployments, deployment('by-master', 1))).code, 201);
  });
});

test('an error is refused or ignored as the failurePolicy says', async () => {
  const spec = { validations: [{ expression: 'object.spec.nothing == 1' }] };
  await under(spec, {}, async () => {
    const refused = await server.ask(master, 'POST', deployments, deployment('error', 1));
    assert.match(
      refused.body.message,
      /expression 'object.spec.nothing == 1' resulted in error: no such key: nothing$/,
    );
  });
  await under({ ...spec, failurePolicy: 'Ignore' }, {}, async () => {
    assert.equal((await server.ask(master, 'POST', deployments, deployment('error', 1))).code, 201);
  });
});

test('a hostile expression costs a bounded number of units and is an error', async (context) => {
  stopwatchMs = monotonicMs();
  context.after(() => {
    stopwatchMs = undefined;
  });
  const list = 'object.spec.template.spec.containers[0].args';
  const expression = `${list}.all(a, ${list}.all(b, ${list}.all(c, ${list}.all(d, true))))`;
  const wide: any = deployment('wide', 1);
  wide.spec.template.spec.containers[0].args = Array.from({ length: 10_000 }, (_, index) => String(index));
  await under({ validations: [{ expression }] }, {}, async () => {
    const refused = await server.ask(master, 'POST', deployments, wide);
    assert.match(
      refused.body.message,
      /resulted in error: operation cancelled: actual cost limit exceeded: it costs more than the 1000000 units allowed/,
    );
  });
});

test('a scale is judged as a Scale, and a deletion by what was there', async () => {
  await server.make(deployment('scaled', 1));
  const resourceRules = [
    { apiGroups: ['apps'], apiVersions: ['*'], operations: ['*'], resources: ['deployments/scale', 'deployments'] },
  ];
  const validations = [
    { expression: "request.subResource != 'scale' || (object.kind == 'Scale' && object.spec.replicas < 3)" },
    { expression: "request.operation != 'DELETE' || (object == null && oldObject.metadata.name != 'scaled')" },
  ];
  await under({ matchConstraints: { resourceRules }, validations }, {}, async () => {
    const scale = (replicas: number) =>
      server.ask(
        master,
        'PATCH',
        `${deployments}/scaled/scale`,
        { spec: { replicas } },
        'application/merge-patch+json',
      );
    assert.equal((await scale(3)).code, 422);
    assert.equal((await scale(2)).code, 200);
    assert.equal((await server.ask(master, 'DELETE', `${deployments}/scaled`)).code, 422);
  });
});

test('errors of conditions are told together, those of variables with their name', async () => {
  const matchConditions = ['a', 'b'].map((name) => ({ name, expression: `object.${name} == 1` }));
  const variables = [{ name: 'v', expression: 'object.nothing' }];
  const refusal = async (spec: object) => {
    let message = '';
    await under({ validations: [{ expression: 'variables.v == 1' }], variables, ...spec }, {}, async () => {
      message = (await server.ask(master, 'POST', deployments, deployment('told', 1))).body.message;
    });
    return message.replace(/^.* denied request: /, '');
  };
  assert.equal(
    await refusal({ matchConditions }),
    "[expression 'object.a == 1' resulted in error: no such key: a, expression 'object.b == 1' resulted in error: no such key: b]",
  );
  assert.equal(
    await refusal({}),
    `expression 'variables.v == 1' resulted in error: composited variable "v" fails to evaluate: no such key: nothing`,
  );
});

test('a kind of parameters that there is not is an error of the policy', async () => {
  const spec = { paramKind: { apiVersion: 'no.such/v1', kind: 'Nope' }, validations: [{ expression: 'true' }] };
  await under(spec, { paramRef: { name: 'x', parameterNotFoundAction: 'Deny' } }, async () => {
    const { body } = await server.ask(master, 'POST', deployments, deployment('told', 1));
    assert.match(
      body.message,
      /ValidatingAdmissionPolicy 'p' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'no.such\/v1, Kind=Nope'$/,
    );
  });
});

test('a rule that names another version judges the object in that version', async () => {
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'x', apiVersion: 'apps/v1' }, maxReplicas: 3 };
  const scaler = (version: string, more: object = {}) => ({
    ...{
      apiVersion: `autoscaling/${version}`,
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'h', namespace: 'a' },
    },
    spec: { ...spec, ...more },
  });
  const rules = (version: string) => ({
    resourceRules: [
      {
        apiGroups: ['autoscaling'],
        apiVersions: [version],
        operations: ['*'],
        resources: ['horizontalpodautoscalers'],
      },
    ],
  });
  const told =
    "object.apiVersion + ' ' + request.kind.version + ' ' + request.requestKind.version + ' ' + string(has(object.spec.metrics))";
  const validations = [{ expression: 'false', messageExpression: told }];
  const make = (version: string, more: object = {}) =>
    server.ask(
      master,
      'POST',
      `/apis/autoscaling/${version}/namespaces/a/horizontalpodautoscalers`,
      scaler(version, more),
    );
  await under({ matchConstraints: rules('v1'), validations }, {}, async () => {
    assert.match((await make('v2')).body.message, /denied request: autoscaling\/v1 v1 v2 false$/);
  });
  await under({ matchConstraints: rules('v2'), validations }, {}, async () => {
    const { body } = await make('v1', { targetCPUUtilizationPercentage: 50 });
    assert.match(body.message, /denied request: autoscaling\/v2 v2 v1 true$/);
  });
  await under({ matchConstraints: { ...rules('v1'), matchPolicy: 'Exact' }, validations }, {}, async () => {
    assert.equal((await make('v2')).code, 201);
  });
});

test('policies never judge policies', async () => {
  const everything = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*/*'] };
  const spec = { matchConstraints: { resourceRules: [everything] }, validations: [{ expression: 'false' }] };
  await under(spec, {}, async () => {
    assert.equal((await server.ask(master, 'POST', '/namespaces', { metadata: { name: 'closed' } })).code, 422);
  });
});

test('what cannot be compiled is not stored, and the place is said', async () => {
  const refused = await server.ask(master, 'POST', `${root}/validatingadmissionpolicies`, {
    ...policy('wrong', { validations: [{ expression: 'true' }, { expression: 'object.spec.replicas <= ob' }] }),
  });
  assert.equal(refused.code, 422);
  assert.deepEqual(refused.body.details.causes, [
    {
      reason: 'FieldValueInvalid',
      field: 'spec.validations[1].expression',
      message:
        "Invalid value: \"object.spec.replicas <= ob\": compilation failed: ERROR: <input>:1:25: undeclared reference to 'ob' (in container '')\n | object.spec.replicas <= ob\n | ........................^",
    },
  ]);
});

test('who may not read the parameters may not make a policy that does', async () => {
  const rules = [{ verbs: ['*'], apiGroups: ['admissionregistration.k8s.io'], resources: ['*'] }];
  await server.make(...grant('author', rules));
  const author = { username: 'author', groups: ['system:authenticated'] };
  const spec = { validations: [{ expression: 'true' }] };
  const make = (more: object) =>
    server.ask(author, 'POST', `${root}/validatingadmissionpolicies`, policy('by-author', { ...spec, ...more }));
  assert.equal((await make({ paramKind: { apiVersion: 'v1', kind: 'Secret' } })).code, 403);
  assert.equal((await make({})).code, 201);
});
