import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { master, namespace, serviceAccount, startDefended } from '../../server/testing/defended.ts';
import { noObservations } from '../observations/observation.ts';
import { type Change, refOf } from '../snapshot/snapshot.ts';
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
