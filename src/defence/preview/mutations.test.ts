import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noObservations } from '../../api/observations/observation.ts';
import type { Manifest } from '../contract.ts';
import type { Change } from '../snapshot/snapshot.ts';
import { preview, subjectText } from './preview.ts';
import { clusterOf, namespace, object, running } from './testing/cluster.ts';

const group = 'admissionregistration.k8s.io';
const rule = (apiGroups: string[], resources: string[]) => ({
  ...{ apiGroups, apiVersions: ['*'], operations: ['CREATE', 'UPDATE'], resources },
});
const onPods = { resourceRules: [rule([''], ['pods'])] };
const onConfigMaps = { resourceRules: [rule([''], ['configmaps'])] };
const onDeployments = { resourceRules: [rule(['apps'], ['deployments'])] };
const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } });
const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });

const cluster = { namespace: undefined };
const policy = (name: string, spec: object): Manifest[] => [
  object(`${group}/v1`, 'MutatingAdmissionPolicy', name, { spec: { reinvocationPolicy: 'Never', ...spec } }, cluster),
  object(`${group}/v1`, 'MutatingAdmissionPolicyBinding', name, { spec: { policyName: name } }, cluster),
];
const puts = (...objects: Manifest[]): Change[] => objects.map((put) => ({ put }));

/** `ConfigMap shop/a` with outcome and why. */
function told(objects: Manifest[], changes: Change[]): Record<string, string> {
  const { impacts } = preview(clusterOf(objects), changes, noObservations(), 0);
  return Object.fromEntries(
    impacts.map(({ subject, outcome, why, by }) => [subjectText(subject), `${outcome}: ${why} [${by.join(', ')}]`]),
  );
}

const labelled = apply('Object{metadata: Object.metadata{labels: {"team": object.metadata.name}}}');
const objects = [namespace('shop'), object('v1', 'ConfigMap', 'a'), ...running('web', 80, ['10.0.0.1'])];

test('what lives and would be changed is told with its patch, and who changes it', () => {
  const result = told(objects, puts(...policy('team', { matchConstraints: onConfigMaps, mutations: [labelled] })));
  assert.deepEqual(result, {
    'ConfigMap shop/a':
      'changes: when it is next written it is changed: add /metadata/labels {"team":"a"} [MutatingAdmissionPolicy team]',
  });
});

test('what a binding adds and takes away is told; a policy that nothing binds does nothing', () => {
  const [made, bound] = policy('team', { matchConstraints: onConfigMaps, mutations: [labelled] }) as [
    Manifest,
    Manifest,
  ];
  assert.deepEqual(told(objects, puts(made)), {});
  const ref = { kind: `MutatingAdmissionPolicyBinding.${group}`, namespace: '', name: 'team' };
  assert.deepEqual(told([...objects, made, bound], [{ remove: ref }]), {
    'ConfigMap shop/a': 'changes: when it is next written it is no longer changed [MutatingAdmissionPolicy team]',
  });
  assert.deepEqual(Object.keys(told([...objects, made], puts(bound))), ['ConfigMap shop/a']);
});

test('what another protection then refuses breaks, and what it would then let in opens', () => {
  const restricted = namespace('shop', { 'pod-security.kubernetes.io/enforce': 'restricted' });
  const [, ...others] = objects;
  const careless = policy('host', {
    matchConstraints: onPods,
    mutations: [patch('[JSONPatch{op: "add", path: "/spec/hostNetwork", value: true}]')],
  });
  const refused = told([restricted, ...others], puts(...careless))['Deployment shop/web'];
  assert.match(
    refused!,
    /^breaks: refused when it is next written, because it is changed: .*add \/spec\/hostNetwork true/,
  );
  assert.match(refused!, /violates PodSecurity "restricted.*\[MutatingAdmissionPolicy host, Namespace shop\]$/);
  const mend = policy('mend', {
    matchConstraints: onPods,
    mutations: [
      apply(
        'Object{spec: Object.spec{securityContext: Object.spec.securityContext{runAsNonRoot: true, seccompProfile: Object.spec.securityContext.seccompProfile{type: "RuntimeDefault"}}}}',
      ),
    ],
  });
  const plain = running('plain', 80, [], { securityContext: {} });
  assert.match(
    told([restricted, ...plain], puts(...mend))['Deployment shop/plain']!,
    /^opens: let in from then on, because it is changed: .*; refused now: violates PodSecurity/,
  );
});

test('a validating policy judges what the mutation makes', () => {
  const vap = object(
    `${group}/v1`,
    'ValidatingAdmissionPolicy',
    'few',
    {
      spec: {
        matchConstraints: onConfigMaps,
        validations: [{ expression: "object.metadata.?labels[?'team'].orValue('') != 'a'", message: 'no team a' }],
      },
    },
    cluster,
  );
  const bound = object(
    `${group}/v1`,
    'ValidatingAdmissionPolicyBinding',
    'few',
    { spec: { policyName: 'few', validationActions: ['Deny'] } },
    cluster,
  );
  const made = policy('team', { matchConstraints: onConfigMaps, mutations: [labelled] });
  assert.match(
    told([...objects, vap, bound], puts(...made))['ConfigMap shop/a']!,
    /^breaks: .*: no team a \[MutatingAdmissionPolicy team, ValidatingAdmissionPolicy few\]$/,
  );
});

test('a pod to come is told with its template', () => {
  const made = policy('env', { matchConstraints: onPods, mutations: [labelled] });
  assert.deepEqual(told(objects, puts(...made)), {
    'Deployment shop/web':
      'changes: its next pod is changed: add /metadata/labels/team "web" [MutatingAdmissionPolicy env]',
  });
});

test('a mutated template makes other pods', () => {
  const restricted = namespace('shop', { 'pod-security.kubernetes.io/enforce': 'restricted' });
  const [, ...others] = objects;
  const made = policy('host', {
    matchConstraints: onDeployments,
    mutations: [patch('[JSONPatch{op: "add", path: "/spec/template/spec/hostPID", value: true}]')],
  });
  assert.match(told([restricted, ...others], puts(...made))['Deployment shop/web']!, /^breaks: .*hostPID/);
});

test('what is not known is said, unless it would change nothing', () => {
  const named = [{ name: 'humans', expression: "request.userInfo.username != 'system'" }];
  const spec = { matchConstraints: onConfigMaps, matchConditions: named };
  const changing = told(objects, puts(...policy('who', { ...spec, mutations: [labelled] })));
  assert.match(
    changing['ConfigMap shop/a']!,
    /^unknown: whether it is changed when it is next written depends on request.userInfo; it would be: add \/metadata\/labels/,
  );
  const idle = patch(
    'object.metadata.name == "b" ? [JSONPatch{op: "remove", path: "/x"}] : [JSONPatch{op: "test", path: "/kind", value: "X"}]',
  );
  assert.deepEqual(told(objects, puts(...policy('idle', { ...spec, mutations: [idle] }))), {});
  const stamped = patch('[JSONPatch{op: "add", path: "/metadata/labels", value: {"by": request.userInfo.username}}]');
  assert.match(
    told(objects, puts(...policy('by', { matchConstraints: onConfigMaps, mutations: [stamped] })))['ConfigMap shop/a']!,
    /^unknown: /,
  );
});

test('a mutation that fails refuses, unless it is to be ignored', () => {
  const failing = { matchConstraints: onConfigMaps, mutations: [patch('[JSONPatch{op: "remove", path: "/data/x"}]')] };
  assert.match(
    told(objects, puts(...policy('fails', failing)))['ConfigMap shop/a']!,
    /^breaks: refused when it is next written: policy 'fails' with binding 'fails' denied request: JSON Patch: /,
  );
  assert.deepEqual(told(objects, puts(...policy('fails', { ...failing, failurePolicy: 'Ignore' }))), {});
});

test('an object of the change is told what policies in force make of it', () => {
  const inForce = [...objects, ...policy('team', { matchConstraints: onConfigMaps, mutations: [labelled] })];
  assert.match(
    told(inForce, puts(object('v1', 'ConfigMap', 'new')))['ConfigMap shop/new']!,
    /^changes: .*"team":"new"/,
  );
});
