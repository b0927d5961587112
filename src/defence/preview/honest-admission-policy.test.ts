import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from '../../../test/property.ts';
import { noObservations } from '../../api/observations/observation.ts';
import { master, namespace, pod, serviceAccount, startDefended } from '../../server/testing/defended.ts';
import type { Manifest } from '../contract.ts';
import { refOf } from '../object-ref.ts';
import type { Change } from '../snapshot/snapshot.ts';
import { preview, subjectText } from './preview.ts';
import { clusterOf } from './testing/cluster.ts';

/** The real API server judges by the same policies: what a preview says is tried by writing every object again. */
const server = await startDefended();
after(() => server.stop());

const group = 'admissionregistration.k8s.io';
const apiVersion = `${group}/v1`;
const some = (...values: string[]) => fc.subarray(values, { minLength: 1 });
const rule = fc.record({
  apiGroups: fc.constantFrom(['*'], ['*'], [''], ['', 'apps']),
  apiVersions: fc.constantFrom(['v1'], ['*']),
  operations: fc.constantFrom(['CREATE'], ['UPDATE'], ['CREATE', 'UPDATE'], ['*'], ['*']),
  resources: some('pods', 'configmaps', 'deployments', 'replicasets'),
});
const selector = fc.constantFrom<object | undefined>(
  ...[undefined, undefined, undefined, undefined, undefined, { matchLabels: { tier: 'web' } }],
  {
    matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['web'] }],
  },
);
const expression = fc.constantFrom(
  "object.kind != 'ConfigMap' || object.data.mode == 'a'",
  'object.spec.replicas <= 1',
  "has(object.metadata.labels) && 'tier' in object.metadata.labels",
  "!has(object.spec) || !has(object.spec.containers) || object.spec.containers.all(c, c.image.startsWith('web:'))",
  "oldObject == null || request.operation != 'UPDATE' || object.kind == 'Pod'",
  "namespaceObject.metadata.labels.exists(k, k == 'kubernetes.io/metadata.name')",
  'object.metadata.name.size() < 3',
  "object.kind != 'Pod' || object.spec.containers.all(c, has(c.resources.limits) && 'cpu' in c.resources.limits)",
  "request.resource.resource != 'deployments' || object.spec.template.metadata.labels['tier'] != 'web'",
);
const matching = { namespaceSelector: selector, objectSelector: selector };
const policySpec = fc.record({
  matchConstraints: fc.record({ resourceRules: fc.array(rule, { minLength: 1, maxLength: 2 }), ...matching }),
  matchConditions: fc.constantFrom(undefined, undefined, [
    { name: 'tier', expression: "object.metadata.?labels['tier'].orValue('') != 'db'" },
  ]),
  validations: fc.array(fc.record({ expression }), { minLength: 1, maxLength: 2 }),
  failurePolicy: fc.constantFrom(undefined, 'Fail', 'Fail', 'Ignore'),
});
const bindingSpec = fc.record({
  validationActions: fc.constantFrom(['Deny'], ['Deny'], ['Deny', 'Audit'], ['Warn']),
  matchResources: fc.option(fc.record(matching), { nil: undefined }),
});
const law = fc.option(fc.record({ policy: policySpec, binding: fc.option(bindingSpec, { freq: 5 }) }), { freq: 4 });
type Law = { policy: object; binding: object | null } | null;
const thing = fc.record({
  kind: fc.constantFrom('ConfigMap', 'Deployment', 'Pod'),
  tier: fc.constantFrom(undefined, 'web', 'db'),
  mode: fc.constantFrom(undefined, 'a', 'b'),
  image: fc.constantFrom('web:1', 'other:1'),
  replicas: fc.integer({ min: 1, max: 2 }),
});
type Thing = { kind: string; tier?: string; mode?: string; image: string; replicas: number };

const resourceOf: Record<string, string> = {
  ...{ ConfigMap: 'configmaps', Pod: 'pods', LimitRange: 'limitranges' },
  ...{ Deployment: 'deployments.apps', ReplicaSet: 'replicasets.apps' },
};
const pathOf = ({ apiVersion, kind, metadata }: Manifest): string => {
  const root = apiVersion === 'apps/v1' ? '/apis/apps/v1' : '/api/v1';
  return `${root}/namespaces/${metadata.namespace}/${resourceOf[kind]!.split('.')[0]}`;
};

function objectOf({ kind, tier, mode, image, replicas }: Thing, name: string, where: string): Manifest {
  const labels = tier === undefined ? {} : { labels: { tier } };
  const metadata = { name, namespace: where, ...labels };
  if (kind === 'ConfigMap') return { apiVersion: 'v1', kind, metadata, data: { ...(mode && { mode }) } };
  const made = pod(name, {}, { image }, where) as Manifest;
  if (kind === 'Pod') return { ...made, metadata };
  const template = { metadata: { labels: { app: name, ...(tier && { tier }) } }, spec: made['spec'] };
  const spec = { replicas, selector: { matchLabels: { app: name } }, template };
  return { apiVersion: 'apps/v1', kind, metadata, spec };
}

type Write = { method: string; path: string; body: Manifest };
/** What the controller of a Deployment makes of it. */
function setOf({ metadata: { name, namespace }, spec }: Manifest): Manifest {
  const metadata = { ...spec.template.metadata, name, namespace };
  return { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata, spec };
}

const limits = (where: string): Manifest => ({
  ...{ apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'bounds', namespace: where } },
  spec: { limits: [{ type: 'Container', default: { cpu: '1' } }] },
});

/** What the API receives when everything is written once more: changed, made again, and made from a template. */
function writesOf(live: Manifest, written: Manifest): Write[] {
  const path = pathOf(written);
  const again = [
    { method: 'PUT', path: `${path}/${written.metadata.name}`, body: live },
    { method: 'POST', path, body: written },
  ];
  if (written.kind !== 'Deployment') return again;
  const set = setOf(written);
  const scaled = server.lookup.get('replicasets.apps', set.metadata.namespace!, set.metadata.name) as Manifest;
  const { metadata, spec } = written['spec'].template;
  const { name, namespace } = written.metadata;
  const made: Manifest = { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name, namespace }, spec };
  return [
    ...again,
    { method: 'POST', path: pathOf(set), body: set },
    { method: 'PUT', path: `${pathOf(set)}/${set.metadata.name}`, body: scaled },
    { method: 'POST', path: pathOf(made), body: made },
  ];
}

/** Whether admission lets it in: what is there already is found after that. */
async function letIn({ method, path, body }: Write, query: string): Promise<boolean> {
  const answer = await server.ask(master, method, `${path}${query}`, body);
  assert.ok([200, 201, 409, 422, 403].includes(answer.code), answer.body.message);
  return answer.code < 300 || answer.body.reason === 'AlreadyExists';
}

const lawObjects = (name: string, law: Law): Manifest[] => {
  const metadata = { name };
  if (law === null) return [];
  const policy = { apiVersion, kind: 'ValidatingAdmissionPolicy', metadata, spec: law.policy };
  const spec = { policyName: name, ...law.binding };
  const binding = { apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata, spec };
  return law.binding === null ? [policy] : [policy, binding];
};
const lawPath = ({ kind }: Manifest) =>
  `/apis/${apiVersion}/${kind.endsWith('Binding') ? 'validatingadmissionpolicybindings' : 'validatingadmissionpolicies'}`;

async function remove(objects: Manifest[]): Promise<void> {
  for (const object of objects.toReversed())
    await server.ask(master, 'DELETE', `${lawPath(object)}/${object.metadata.name}`);
}

let trials = 0;

test('what an admission policy is said to refuse or to let in, it does', async () => {
  const counts = { breaks: 0, opens: 0, safe: 0 };
  const trial = async (things: Thing[], tier: string | undefined, was: Law, will: Law, limited: boolean[]) => {
    const where = `p${trials++}`;
    await server.make(namespace(where, tier === undefined ? {} : { tier }), serviceAccount(where, 'default'));
    const written = things.map((each, index) => objectOf(each, `o${index % 2 === 0 ? '' : 'ther'}${index}`, where));
    await server.make(...written, ...written.filter(({ kind }) => kind === 'Deployment').map(setOf));
    const [old, now] = [lawObjects(where, was), lawObjects(where, will)];
    const [range, later] = limited.map((isLimited) => (isLimited ? [limits(where)] : []));
    await server.make(...old, ...range!);
    const lookup = (object: Manifest) =>
      server.lookup.get(resourceOf[object.kind]!, where, object.metadata.name) as Manifest;
    const writes = written.flatMap((object) => writesOf(lookup(object), object).map((write) => ({ object, write })));
    const allowedBefore: boolean[] = [];
    for (const { write } of writes) allowedBefore.push(await letIn(write, '?dryRun=All'));
    const cluster = clusterOf([
      server.lookup.get('namespaces', '', where)!,
      ...old,
      ...[...range!, ...written].map(lookup),
    ] as Manifest[]);
    const puts = [...now, ...(range!.length > 0 ? [] : later!)];
    const gone = [...old, ...range!].filter(({ kind }) => ![...now, ...later!].some((object) => object.kind === kind));
    const changes: Change[] = [...puts.map((put) => ({ put })), ...gone.map((object) => ({ remove: refOf(object) }))];
    const { impacts } = preview(cluster, changes, noObservations(), 0);
    await remove(old);
    await server.make(...now);
    for (const { metadata } of range!)
      await server.ask(master, 'DELETE', `/api/v1/namespaces/${where}/limitranges/${metadata.name}`);
    await server.make(...later!);
    const judged: { object: Manifest; before: boolean; after: boolean }[] = [];
    for (const [index, { object, write }] of writes.entries())
      judged.push({ object, before: allowedBefore[index]!, after: await letIn(write, '') });
    await remove(now);
    for (const object of written) {
      const text = subjectText({ type: 'object', ref: refOf(object) });
      const told = impacts.filter(({ subject }) => subjectText(subject) === text).map(({ outcome }) => outcome);
      const own = judged.filter((each) => each.object === object);
      const about = `${text}: told ${told}, ${JSON.stringify(own.map(({ before, after }) => [before, after]))} ${JSON.stringify({ things, tier, was, will })}`;
      assert.ok(!told.includes('unknown'), about);
      assert.equal(
        told.includes('breaks'),
        own.some(({ before, after }) => before && !after),
        about,
      );
      assert.equal(
        told.includes('opens'),
        own.some(({ before, after }) => !before && after),
        about,
      );
      counts[told.includes('breaks') ? 'breaks' : told.includes('opens') ? 'opens' : 'safe']++;
    }
  };
  const drawn = fc.asyncProperty(
    fc.array(thing, { minLength: 1, maxLength: 4, size: 'max' }),
    fc.constantFrom(undefined, 'web'),
    law,
    law,
    fc.array(fc.boolean(), { minLength: 2, maxLength: 2 }),
    trial,
  );
  await fc.assert(drawn, { numRuns: 250 });
  for (const [outcome, count] of Object.entries(counts)) assert.ok(count > 15, `${outcome}: ${count}`);
});
