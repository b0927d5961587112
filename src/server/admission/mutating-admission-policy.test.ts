import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type DefendedServer, master, pod, startDefended } from '../testing/defended.ts';

let server: DefendedServer;
before(async () => {
  server = await startDefended();
});
after(() => server.stop());

const apiVersion = 'admissionregistration.k8s.io/v1';
const root = `/apis/${apiVersion}`;
const onPods = {
  resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
};
const policy = (name: string, spec: object) => ({
  ...{ apiVersion, kind: 'MutatingAdmissionPolicy', metadata: { name } },
  spec: { matchConstraints: onPods, reinvocationPolicy: 'Never', ...spec },
});
const binding = (name: string) => ({
  ...{ apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata: { name } },
  spec: { policyName: name },
});
const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });

/** What becomes of a pod under these policies, by name. */
async function under(policies: Record<string, object>, name: string): Promise<any> {
  for (const [each, spec] of Object.entries(policies)) await server.make(policy(each, spec), binding(each));
  try {
    return await server.ask(master, 'POST', '/namespaces/a/pods?dryRun=All', pod(name));
  } finally {
    for (const each of Object.keys(policies))
      for (const resource of ['mutatingadmissionpolicybindings', 'mutatingadmissionpolicies'])
        assert.equal((await server.ask(master, 'DELETE', `${root}/${resource}/${each}`)).code, 200);
  }
}

test("the documentation's sidecar is added, and judged like what the user wrote", async () => {
  const sidecar = (drop: string) => ({
    matchConditions: [
      { name: 'absent', expression: '!object.spec.?initContainers.orValue([]).exists(c, c.name == "mesh-proxy")' },
    ],
    mutations: [
      apply(`Object{spec: Object.spec{initContainers: [
        Object.spec.initContainers{name: "mesh-proxy", image: "mesh/proxy:v1", restartPolicy: "Always",
          securityContext: Object.spec.initContainers.securityContext{allowPrivilegeEscalation: false}}]}}`),
      // lists that do not merge are replaced, on purpose
      patch(`[JSONPatch{op: "add", path: "/spec/initContainers/0/args", value: ["proxy", "sidecar"]},
        JSONPatch{op: "add", path: "/spec/initContainers/0/securityContext/capabilities", value: {"drop": ${drop}}}]`),
    ],
  });
  const { code, body } = await under({ mesh: sidecar('["ALL"]') }, 'meshed');
  assert.equal(code, 201);
  const [container] = body.spec.initContainers;
  assert.deepEqual(
    [container.name, container.args, container.restartPolicy],
    ['mesh-proxy', ['proxy', 'sidecar'], 'Always'],
  );
  assert.equal(container.imagePullPolicy, 'IfNotPresent', 'defaults are filled after it');
  const refused = await under({ mesh: sidecar('[]') }, 'insecure');
  assert.match(refused.body.message, /violates PodSecurity/);
});

test('a JSON patch sets a label, whose key is escaped; a later mutation sees it', async () => {
  const mutations = [
    // In one step: an empty map is nothing, and gone before the next.
    patch(
      `(has(object.metadata.labels) ? [] : [JSONPatch{op: "add", path: "/metadata/labels", value: {}}]) + ` +
        `[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("example.com/env"), value: request.namespace}]`,
    ),
    apply(`Object{metadata: Object.metadata{annotations: {"seen": object.metadata.labels["example.com/env"]}}}`),
  ];
  const { body } = await under({ labels: { mutations } }, 'labelled');
  assert.equal(body.metadata.labels['example.com/env'], 'a');
  assert.equal(body.metadata.annotations.seen, 'a');
});

test('a policy that asks for it sees what another made after it', async () => {
  const counted = (name: string) =>
    apply(
      `Object{metadata: Object.metadata{annotations: {"${name}": string(object.metadata.?annotations.orValue({}).size())}}}`,
    );
  const first = { reinvocationPolicy: 'IfNeeded', mutations: [counted('a')] };
  const { body } = await under({ 'p-a': first, 'p-b': { mutations: [counted('b')] } }, 'again');
  assert.deepEqual(body.metadata.annotations, { a: '2', b: '1' });
});

test('an apply configuration replaces no list that does not merge', async () => {
  const args = 'Object.spec.containers{name: "main", args: ["x"]}';
  const refused = await under(
    { args: { mutations: [apply(`Object{spec: Object.spec{containers: [${args}]}}`)] } },
    'atomic',
  );
  assert.match(refused.body.message, /may not mutate atomic arrays, maps or structs: \.spec\.containers\[0\]\.args$/);
});

test('errors are refused or ignored, and nobody is renamed', async () => {
  const rename = { mutations: [patch('[JSONPatch{op: "replace", path: "/metadata/name", value: "other"}]')] };
  const refused = await under({ rename }, 'named');
  assert.equal(refused.code, 403);
  assert.match(
    refused.body.message,
    /policy 'rename' with binding 'rename' denied request: .*metadata.name may not be changed$/,
  );
  assert.equal((await under({ rename: { ...rename, failurePolicy: 'Ignore' } }, 'named')).body.metadata.name, 'named');
  const copies = Array.from(
    { length: 40 },
    (_, index) => `JSONPatch{op: "copy", from: "/spec", path: "/spec/x${index}"}`,
  );
  const bomb = await under({ bomb: { mutations: [patch(`[${copies.join(', ')}]`)] } }, 'bomb');
  assert.match(bomb.body.message, /copies more$/);
});

test('what a mutation makes must fit the kind, and its types the fields they stand in', async () => {
  const refusal = async (mutation: object) => (await under({ made: { mutations: [mutation] } }, 'made')).body.message;
  assert.match(await refusal(apply('Object{spec: Object.spec{foo: 1}}')), /\.spec\.foo: field not declared in schema$/);
  assert.match(
    await refusal(apply('Object{spec: Object.other{hostname: "x"}}')),
    /unexpected type name "Object.other", expected "Object.spec", which matches field name path/,
  );
  assert.match(
    await refusal(apply('object.kind == "X" ? Object{} : null')),
    /unsupported return type from ApplyConfiguration expression: null_type$/,
  );
  assert.match(
    await refusal(patch('[JSONPatch{op: "add", path: "/spec/foo", value: 1}]')),
    /strict decoding error: unknown field "spec.foo"$/,
  );
  assert.match(
    await refusal(patch('[JSONPatch{op: "add", path: "/spec/priority", value: "x"}]')),
    /json: cannot unmarshal string/,
  );
});

test('a test that fails leaves the object as it is; values of all types have a form in JSON', async () => {
  const mutations = [
    patch(`[JSONPatch{op: "test", path: "/kind", value: "Other"}, JSONPatch{op: "remove", path: "/spec"}]`),
    patch(`[JSONPatch{op: "add", path: "/metadata/annotations", value: {"t": string(timestamp(0))}},
      JSONPatch{op: "add", path: "/metadata/annotations/d", value: duration("1h")},
      JSONPatch{op: "add", path: "/metadata/annotations/b", value: b"abc"},
      JSONPatch{op: "add", path: "/spec/terminationGracePeriodSeconds", value: 5u}]`),
  ];
  const { body } = await under({ typed: { mutations } }, 'typed');
  assert.deepEqual(body.metadata.annotations, { t: '1970-01-01T00:00:00Z', d: '3600s', b: 'YWJj' });
  assert.equal(body.spec.terminationGracePeriodSeconds, 5);
});

test('an error of one mutation keeps the others when it is ignored, and new items go behind those that were there', async () => {
  const mutations = [
    patch('[JSONPatch{op: "remove", path: "/spec/nothing"}]'),
    apply(
      'Object{spec: Object.spec{containers: [Object.spec.containers{name: "last", image: "x:1", securityContext: Object.spec.containers.securityContext{allowPrivilegeEscalation: false}}]}}',
    ),
    patch('[JSONPatch{op: "add", path: "/spec/containers/1/securityContext/capabilities", value: {"drop": ["ALL"]}}]'),
  ];
  const { body } = await under({ last: { failurePolicy: 'Ignore', mutations } }, 'last');
  assert.deepEqual(
    body.spec.containers.map(({ name }: { name: string }) => name),
    ['main', 'last'],
  );
});

test('what could not work is not stored', async () => {
  const make = async (spec: object) =>
    (await server.ask(master, 'POST', `${root}/mutatingadmissionpolicies`, policy('wrong', spec))).body.message;
  assert.match(await make({ mutations: [patch('[Patch{}]')] }), /<input>:1:7: undeclared reference to 'Patch'/);
  assert.match(
    await make({ mutations: [{ patchType: 'JSONPatch' }] }),
    /spec.mutations\[0\].jsonPatch: Required value/,
  );
  const matchConstraints = { resourceRules: [{ ...onPods.resourceRules[0], resources: ['pods/exec'] }] };
  assert.match(await make({ matchConstraints, mutations: [patch('[]')] }), /Unsupported value: "pods\/exec"/);
});

test('a subresource is changed, as far as it may write', async () => {
  const deployment = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'sub', namespace: 'a' } },
    spec: {
      ...{ replicas: 1, selector: { matchLabels: { app: 'x' } } },
      template: { metadata: { labels: { app: 'x' } }, spec: pod('sub')['spec'] },
    },
  };
  await server.make(deployment);
  const rules = (resources: string[]) => ({
    resourceRules: [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'], resources }],
  });
  const scaled = [patch(`[JSONPatch{op: "replace", path: "/spec/replicas", value: object.spec.replicas + 1}]`)];
  const stamped = [
    patch(`[JSONPatch{op: "replace", path: "/spec/replicas", value: 9},
      JSONPatch{op: "add", path: "/status/replicas", value: 7}]`),
  ];
  await server.make(
    ...[policy('scaled', { matchConstraints: rules(['deployments/scale']), mutations: scaled }), binding('scaled')],
    ...[policy('stamped', { matchConstraints: rules(['deployments/status']), mutations: stamped }), binding('stamped')],
  );
  const ask = (subresource: string, body: object) =>
    server.ask(
      master,
      'PATCH',
      `/apis/apps/v1/namespaces/a/deployments/sub/${subresource}`,
      body,
      'application/merge-patch+json',
    );
  assert.equal((await ask('scale', { spec: { replicas: 3 } })).body.spec.replicas, 4);
  const { body } = await ask('status', { status: { observedGeneration: 1 } });
  assert.deepEqual([body.spec.replicas, body.status.replicas], [4, 7]);
});

test('a mutation of another version changes the object that was sent', async () => {
  const matchConstraints = {
    resourceRules: [
      {
        apiGroups: ['autoscaling'],
        apiVersions: ['v1'],
        operations: ['CREATE'],
        resources: ['horizontalpodautoscalers'],
      },
    ],
  };
  const mutations = [patch('[JSONPatch{op: "add", path: "/spec/targetCPUUtilizationPercentage", value: 70}]')];
  await server.make(policy('target', { matchConstraints, mutations }), binding('target'));
  const scaler = {
    ...{ apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', metadata: { name: 'h', namespace: 'a' } },
    spec: { scaleTargetRef: { kind: 'Deployment', name: 'x', apiVersion: 'apps/v1' }, maxReplicas: 3 },
  };
  const { body } = await server.ask(
    master,
    'POST',
    '/apis/autoscaling/v2/namespaces/a/horizontalpodautoscalers',
    scaler,
  );
  assert.equal(body.apiVersion, 'autoscaling/v2');
  assert.deepEqual(body.spec.metrics, [
    { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } },
  ]);
});
