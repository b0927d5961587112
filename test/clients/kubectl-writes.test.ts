import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checked, developmentInShop, noKubectl } from './development.ts';

/** The machine's kubectl: what changes objects, and what refuses to. */
const shop = developmentInShop();
const { kubectl, refused } = shop;
const configMap = (name: string, value = '1', set = 'one') => `
---
apiVersion: v1
kind: ConfigMap
metadata: {name: ${name}, labels: {set: ${set}}}
data: {x: "${value}"}
`;

test('apply prunes what is no longer in the set', { skip: noKubectl }, async () => {
  const prune = 'apply -f - -l set=pruned --prune --prune-allowlist=core/v1/ConfigMap';
  await kubectl(prune, configMap('kept', '1', 'pruned') + configMap('dropped', '1', 'pruned'));
  const told = await kubectl(prune, configMap('kept', '1', 'pruned'));
  assert.match(told, /configmap\/kept unchanged\nconfigmap\/dropped pruned/);
});

test('server-side apply names who holds a field, and takes it when forced', { skip: noKubectl }, async () => {
  await kubectl('apply --server-side --field-manager=one -f -', configMap('held'));
  const conflict = await refused('apply --server-side --field-manager=two -f -', configMap('held', '2'));
  assert.match(conflict, /conflict with "one".*: \.data\.x/);
  await kubectl('apply --server-side --field-manager=two --force-conflicts -f -', configMap('held', '2'));
  assert.equal(await kubectl('get configmap held -o jsonpath={.data.x}'), '2');
  assert.equal(await kubectl('diff --server-side --field-manager=two -f -', configMap('held', '2')), '');
});

test('a dry run and a strict error store nothing', { skip: noKubectl }, async () => {
  assert.equal(await kubectl('create --dry-run=server -o name -f -', configMap('dry')), 'configmap/dry\n');
  const wrong = configMap('dry').replace('\ndata:', '\ndta:');
  assert.match(await refused('create --validate=strict -f -', wrong), /strict decoding error: unknown field "dta"/);
  assert.match(await refused('get configmap dry'), /NotFound/);
});

test('replace, and replace by force, which makes a new object', { skip: noKubectl }, async () => {
  await kubectl('create -f -', configMap('replaced'));
  const uid = await kubectl('get configmap replaced -o jsonpath={.metadata.uid}');
  await kubectl('replace -f -', configMap('replaced', '2'));
  assert.equal(await kubectl('get configmap replaced -o jsonpath={.metadata.uid}'), uid);
  await kubectl('replace --force -f -', configMap('replaced', '3'));
  assert.notEqual(await kubectl('get configmap replaced -o jsonpath={.metadata.uid}'), uid);
});

test('a kustomization is applied and deleted as a whole', { skip: noKubectl }, async () => {
  const folder = join(shop.started().folder, 'kustomization');
  mkdirSync(folder);
  writeFileSync(join(folder, 'map.yaml'), configMap('map'));
  writeFileSync(join(folder, 'kustomization.yaml'), 'resources: [map.yaml]\nnamePrefix: my-\nnamespace: shop\n');
  assert.match(await kubectl(`apply -k ${folder}`), /configmap\/my-map created/);
  assert.match(await kubectl(`delete -k ${folder}`), /"my-map" deleted/);
});

test('what kustomize renders is judged: names as they will be', { skip: noKubectl }, async () => {
  const folder = join(shop.started().folder, 'careless');
  mkdirSync(folder);
  const pod = { hostPID: true, containers: [{ name: 'a', image: 'registry.example/a:1' }] };
  writeFileSync(
    join(folder, 'pod.yaml'),
    JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: pod }),
  );
  writeFileSync(join(folder, 'kustomization.yaml'), 'resources: [pod.yaml]\nnamePrefix: my-\nnamespace: shop\n');
  const { summary, findings } = checked(await kubectl(`kustomize ${folder}`));
  assert.deepEqual([summary.objects, summary.unreadable], [1, 0]);
  const found = findings.find(({ check }: any) => check === 'pod-security/hostNamespaces');
  assert.deepEqual([found.object.namespace, found.object.name, found.field], ['shop', 'my-a', 'spec.hostPID']);
});

test('roles are reconciled, and rights asked for on behalf of others', { skip: noKubectl }, async () => {
  await kubectl('create role reader --verb=get --resource=pods');
  await kubectl('create rolebinding reader --role=reader --serviceaccount=shop:default');
  const wider = await kubectl('-n shop create role reader --verb=get,list --resource=pods --dry-run=client -o yaml');
  assert.match(await kubectl('auth reconcile -f -', wider), /reader reconciled/);
  const robot = '--as=system:serviceaccount:shop:default';
  assert.equal((await kubectl(`auth can-i list pods ${robot}`)).trim(), 'yes');
  const { code, out } = await shop.started().run(`auth can-i create pods ${robot}`.split(' '));
  assert.equal(code, 1);
  assert.match(out, /^no/);
  assert.match(await kubectl('auth whoami'), /rempart:admin/);
  assert.match(await kubectl('create token default --duration=10m'), /^ey[\w-]+\.[\w-]+\.[\w-]+/);
});

test("the documentation's admission policy refuses six replicas, and is explained", { skip: noKubectl }, async () => {
  await kubectl('apply -f -', replicaLimit);
  const web = 'create deployment web --image=nginx --dry-run=client -o yaml --replicas';
  const refusal = await refused('create -f -', await kubectl(`${web}=6`));
  const text =
    "ValidatingAdmissionPolicy 'demo-policy.example.com' with binding 'demo-binding-test.example.com' denied request";
  assert.ok(refusal.includes(`${text}: failed expression: object.spec.replicas <= 5`), refusal);
  await kubectl('create -f -', await kubectl(`${web}=5`));
  assert.match(await refused('scale deployment web --replicas=6'), /denied request: failed expression/);
  const wrong = replicaLimit.replace('object.spec.replicas', 'objct.spec.replicas');
  assert.match(await refused('apply -f -', wrong), /<input>:1:1: undeclared reference to 'objct'/);
  await kubectl('delete -f -', replicaLimit);
});

/** https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/, and scales as well. */
const replicaLimit = `
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: demo-policy.example.com}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
    - apiGroups: ["apps"]
      apiVersions: ["v1"]
      operations: ["CREATE", "UPDATE"]
      resources: ["deployments", "deployments/scale"]
  validations:
    - expression: "object.spec.replicas <= 5"
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: demo-binding-test.example.com}
spec:
  policyName: demo-policy.example.com
  validationActions: [Deny]
  matchResources:
    namespaceSelector:
      matchLabels:
        kubernetes.io/metadata.name: shop
`;
