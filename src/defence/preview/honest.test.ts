import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from '../../../test/property.ts';
import { noObservations } from '../../api/observations/observation.ts';
import { master, namespace, serviceAccount, startDefended } from '../../server/testing/defended.ts';
import { refOf } from '../object-ref.ts';
import { callText } from '../observations/calls.ts';
import type { Change } from '../snapshot/snapshot.ts';
import { preview, subjectText } from './preview.ts';
import { clusterOf } from './testing/cluster.ts';

/** The real API server with its real admission: a pod is made again as it was, after the change that was previewed. */
const server = await startDefended();
after(() => server.stop());

const resources = fc.constantFrom(
  undefined,
  { requests: { cpu: '100m' } },
  { requests: { cpu: '300m', memory: '64Mi' }, limits: { memory: '128Mi' } },
  { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m', memory: '64Mi' } },
);
const security = fc.constantFrom(
  undefined,
  { privileged: true },
  { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } },
);
const podSpec = fc.record({
  resources,
  security,
  runAsNonRoot: fc.boolean(),
  hostNetwork: fc.nat(5).map((value) => value === 0),
});
const hard = fc.constantFrom(
  ...[{ pods: '1' }, { pods: '2' }, { pods: '9' }, { 'requests.cpu': '200m' }, { 'requests.cpu': '1', pods: '3' }],
  ...[{ 'limits.memory': '150Mi' }, { 'limits.memory': '1Gi' }, { 'limits.cpu': '1' }, { memory: '100Mi' }],
);
const limit = fc.constantFrom(
  ...[{ max: { memory: '100Mi' } }, { max: { cpu: '250m' }, default: { cpu: '250m' } }, { min: { cpu: '200m' } }],
  ...[{ default: { memory: '32Mi' } }, { maxLimitRequestRatio: { memory: '1' } }],
);
const change = fc.oneof(
  fc.constantFrom('baseline', 'restricted', 'privileged').map((level) => ({ level })),
  hard.map((hard) => ({ hard })),
  limit.map((limit) => ({ limit })),
);
type Drawn = { level?: string; hard?: object; limit?: object };

const enforce = 'pod-security.kubernetes.io/enforce';
let trials = 0;

const changed = (where: string, { level, hard, limit }: Drawn): Record<string, any> => {
  const metadata = { name: 'bounds', namespace: where };
  if (level !== undefined) return namespace(where, { [enforce]: level });
  if (hard !== undefined) return { apiVersion: 'v1', kind: 'ResourceQuota', metadata, spec: { hard } };
  return { apiVersion: 'v1', kind: 'LimitRange', metadata, spec: { limits: [{ type: 'Container', ...limit }] } };
};

test('what is said to be refused at its next start is, and nothing that is called safe', async () => {
  const counts = { breaks: 0, safe: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(podSpec, { minLength: 1, maxLength: 3 }), change, async (specs, drawn: Drawn) => {
      const where = `t${trials++}`;
      const pods = specs.map(({ resources, security, runAsNonRoot, hostNetwork }, index) => ({
        ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name: `p${index}`, namespace: where } },
        spec: {
          ...{ securityContext: { runAsNonRoot }, hostNetwork },
          containers: [
            {
              name: 'c',
              image: 'c:1',
              ...(resources && { resources }),
              ...(security && { securityContext: security }),
            },
          ],
        },
      }));
      await server.make(namespace(where, { [enforce]: 'privileged' }), serviceAccount(where, 'default'), ...pods);
      const list = (resource: string) => server.lookup.list(resource, where);
      const before = clusterOf([server.lookup.get('namespaces', '', where)!, ...list('pods')]);
      const put = changed(where, drawn) as any;
      const { impacts } = preview(before, [{ put } satisfies Change], noObservations(), 0);
      if (drawn.level === undefined) await server.make(put);
      else
        await server.ask(
          master,
          'PATCH',
          `/namespaces/${where}`,
          { metadata: put.metadata },
          'application/merge-patch+json',
        );
      for (const pod of pods) {
        const path = `/namespaces/${where}/pods`;
        const ref = refOf(pod);
        const told = impacts.find(({ subject }) => subjectText(subject) === subjectText({ type: 'object', ref }));
        await server.ask(master, 'DELETE', `${path}/${pod.metadata.name}`, { gracePeriodSeconds: 0 });
        const { code, body } = await server.ask(master, 'POST', path, pod);
        if (told === undefined) assert.ok(!('hard' in drawn), 'a quota says something of every pod');
        const expected = told?.outcome === 'breaks' ? 'breaks' : 'safe';
        assert.equal(
          code === 201 ? 'safe' : 'breaks',
          expected,
          `${JSON.stringify(drawn)} ${told?.why} / ${body.message}`,
        );
        counts[expected]++;
        // A quota that is over stays over for the next one: as it was when it was previewed.
        if (code !== 201) break;
      }
    }),
    { numRuns: 150 },
  );
  assert.ok(counts.breaks > 20 && counts.safe > 20, JSON.stringify(counts));
});

const rbac = 'rbac.authorization.k8s.io';
const some = (...values: string[]) => fc.subarray(values, { minLength: 1 });
const rules = fc.array(
  fc.record(
    {
      verbs: some('get', 'list', 'delete', '*'),
      apiGroups: some('', 'apps', '*'),
      resources: some('pods', 'pods/log', 'secrets', 'deployments', '*'),
      resourceNames: some('a', 'b'),
    },
    { requiredKeys: ['verbs', 'apiGroups', 'resources'] },
  ),
  { maxLength: 3 },
);
const asked = fc.record({
  verb: fc.constantFrom('get', 'list', 'delete'),
  group: fc.constantFrom('', 'apps'),
  resource: fc.constantFrom('pods', 'secrets', 'deployments'),
  subresource: fc.constantFrom('', 'log'),
  name: fc.constantFrom('', 'a', 'c'),
});

test('calls that are said to be refused after a change of roles are, and those called safe are not', async () => {
  const groups = ['system:authenticated'];
  const isAllowed = async (user: string, namespace: string, { subresource, ...rest }: Record<string, string>) => {
    const spec = { user, groups, resourceAttributes: { namespace, subresource, ...rest } };
    const { body } = await server.ask(master, 'POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec });
    return body.status.allowed as boolean;
  };
  const counts = { breaks: 0, safe: 0, opens: 0 };
  await fc.assert(
    fc.asyncProperty(
      rules,
      rules,
      fc.constantFrom('', 'a'),
      fc.array(asked, { minLength: 1, maxLength: 4 }),
      async (before, after, where, drawn) => {
        const name = `r${trials++}`;
        const [kind, namespace] = where === '' ? ['ClusterRole', {}] : ['Role', { namespace: where }];
        const role = (rules: object[]): any => ({
          apiVersion: `${rbac}/v1`,
          kind,
          metadata: { name, ...namespace },
          rules,
        });
        const binding = {
          ...{ apiVersion: `${rbac}/v1`, kind: `${kind}Binding`, metadata: { name, ...namespace } },
          ...{ roleRef: { apiGroup: rbac, kind, name }, subjects: [{ apiGroup: rbac, kind: 'User', name }] },
        };
        await server.make(role(before), binding);
        const allowed = await Promise.all(drawn.map((each) => isAllowed(name, 'a', each)));
        const calls = drawn.map((each, index) => ({
          ...{
            user: name,
            groups,
            namespace: 'a',
            path: '',
            allowed: allowed[index]!,
            firstMs: 0,
            lastMs: 0,
            count: 1,
          },
          ...each,
        }));
        const { impacts } = preview(
          clusterOf([role(before), binding] as any),
          [{ put: role(after) }],
          { ...noObservations(), calls },
          0,
        );
        const path =
          where === '' ? `/apis/${rbac}/v1/clusterroles/${name}` : `/apis/${rbac}/v1/namespaces/a/roles/${name}`;
        const { code, body } = await server.ask(master, 'PUT', path, role(after));
        assert.equal(code, 200, body.message);
        for (const call of calls) {
          const now = await isAllowed(name, 'a', {
            verb: call.verb,
            group: call.group,
            resource: call.resource,
            subresource: call.subresource,
            name: call.name,
          });
          const told = impacts
            .filter(({ subject }) => subjectText(subject) === callText(call))
            .map(({ outcome }) => outcome);
          // Calls that differ in the object's name only are told as one, with the worst of them.
          const about = `${callText(call)} of "${call.name}", told ${told}; of ${drawn.length} calls ${JSON.stringify(calls)}`;
          if (JSON.stringify(before) !== JSON.stringify(after) && call.allowed && !now)
            assert.ok(told.includes('breaks'), about);
          if (call.allowed && told.length === 1 && told[0] === 'safe') assert.ok(now, about);
          if (told.length === 1 && told[0] !== 'unknown' && told[0] !== 'changes') counts[told[0]!]++;
        }
      },
    ),
    { numRuns: 150 },
  );
  for (const [outcome, count] of Object.entries(counts)) assert.ok(count > 5, `${outcome}: ${count}`);
});
