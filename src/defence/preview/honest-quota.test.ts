import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import fc from '../../../test/property.ts';
import { noObservations } from '../../api/observations/observation.ts';
import { master, namespace, serviceAccount, startDefended } from '../../server/testing/defended.ts';
import type { Manifest } from '../contract.ts';
import { refOf } from '../object-ref.ts';
import type { Change } from '../snapshot/snapshot.ts';
import { preview, subjectText } from './preview.ts';
import { clusterOf } from './testing/cluster.ts';

/** The real API server counts the real objects: what a preview says of a quota is tried on it. */
const server = await startDefended();
after(() => server.stop());

const resources = fc.constantFrom(
  ...[undefined, { requests: { cpu: '100m' } }, { requests: { memory: '64Mi' }, limits: { memory: '64Mi' } }],
);
const thing = fc.oneof(
  fc.record({ kind: fc.constant('ConfigMap') }),
  fc.record({ kind: fc.constant('Service'), type: fc.constantFrom('ClusterIP', 'NodePort') }),
  fc.record({ kind: fc.constant('PersistentVolumeClaim'), storage: fc.constantFrom('1Gi', '2Gi') }),
  fc.record({ kind: fc.constant('Deployment'), resources, replicas: fc.nat(2) }),
  fc.record({ kind: fc.constant('Pod'), resources, deadline: fc.boolean() }),
);
type Thing = {
  kind: string;
  type?: string;
  storage?: string;
  resources?: object;
  deadline?: boolean;
  replicas?: number;
};

const plain = { pods: '2', 'requests.cpu': '150m', 'limits.memory': '100Mi' };
const counted = { 'count/configmaps': '1', services: '1', 'services.nodeports': '1', persistentvolumeclaims: '1' };
const more = { 'requests.storage': '3Gi', 'count/deployments.apps': '1', 'count/services': '2' };
const quota = fc.oneof(
  fc
    .subarray(Object.entries({ ...plain, ...counted, ...more }), { minLength: 2, maxLength: 5 })
    .map((hard) => ({ hard: Object.fromEntries(hard) })),
  fc.record({
    hard: fc.constant({ pods: '1' }),
    scopes: fc.constantFrom(['BestEffort'], ['NotBestEffort'], ['Terminating'], ['NotTerminating']),
  }),
);

let trials = 0;

function objectOf(drawn: Thing, name: string, where: string): Manifest {
  const metadata = { name, namespace: where };
  const { kind, type, storage, resources, deadline, replicas } = drawn;
  const containers = [{ name: 'c', image: 'c:1', ...(resources && { resources }) }];
  switch (kind) {
    case 'ConfigMap':
      return { apiVersion: 'v1', kind, metadata };
    case 'Service':
      return { apiVersion: 'v1', kind, metadata, spec: { type, ports: [{ port: 80 }] } };
    case 'PersistentVolumeClaim':
      return {
        ...{ apiVersion: 'v1', kind, metadata },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
      };
    case 'Deployment': {
      const template = { metadata: { labels: { app: name } }, spec: { containers } };
      const spec = { replicas, selector: { matchLabels: { app: name } }, template };
      return { apiVersion: 'apps/v1', kind, metadata, spec };
    }
    default:
      return {
        ...{ apiVersion: 'v1', kind, metadata },
        spec: { containers, ...(deadline && { activeDeadlineSeconds: 600 }) },
      };
  }
}

const resourcesOf: Record<string, string> = {
  ...{ ConfigMap: 'configmaps', Service: 'services', PersistentVolumeClaim: 'persistentvolumeclaims', Pod: 'pods' },
  Deployment: 'deployments.apps',
};
const pathOf = ({ kind, metadata }: Manifest) => {
  const [resource, group] = resourcesOf[kind]!.split('.');
  return `${group ? `/apis/${group}/v1` : ''}/namespaces/${metadata.namespace}/${resource}`;
};

const privileged = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } } };

/** Made again, as its next pod is. */
async function again(pod: Manifest) {
  await server.ask(master, 'DELETE', `${pathOf(pod)}/${pod.metadata.name}`, { gracePeriodSeconds: 0 });
  return server.ask(master, 'POST', pathOf(pod), pod);
}

/** A namespace with these objects, as the API server has them. */
async function withObjects(where: string, objects: Manifest[]) {
  const mergePatch = 'application/merge-patch+json';
  await server.make(namespace(where), serviceAccount(where, 'default'));
  await server.ask(master, 'PATCH', `/namespaces/${where}`, privileged, mergePatch);
  await server.make(...objects);
  // What is refused now already is broken by no change.
  for (const pod of objects.filter(({ kind }) => kind === 'Pod')) await again(pod);
  const live = [...Object.values(resourcesOf), 'resourcequotas'].flatMap((each) => server.lookup.list(each, where));
  return clusterOf([server.lookup.get('namespaces', '', where)!, ...live]);
}

/** Makes the quota, or changes it; whether that is possible: scopes do not change. */
async function putQuota(quota: any, isNew: boolean): Promise<boolean> {
  if (isNew) await server.make(quota);
  if (isNew) return true;
  const path = `/namespaces/${quota.metadata.namespace}/resourcequotas/${quota.metadata.name}`;
  const replace = [{ op: 'replace', path: '/spec', value: quota.spec }];
  const { code, body } = await server.ask(master, 'PATCH', path, replace, 'application/json-patch+json');
  assert.ok(code === 200 || code === 422, body.message);
  return code === 200;
}

test('what a quota is said to refuse is refused when it is made, and nothing else', async () => {
  const counts = { breaks: 0, safe: 0 };
  const trial = async (living: Thing[], was: object | null, wanted: object | null, added: Thing[]) => {
    const where = `q${trials++}`;
    const quotaOf = (spec: object): any => ({
      ...{ apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'bounds', namespace: where }, spec },
    });
    const old = living.map((each, index) => objectOf(each, `o${index}`, where));
    const before = await withObjects(where, [...old, ...(was ? [quotaOf(was)] : [])]);
    const others = old
      .filter(({ kind, spec }) => kind === 'Service' && spec.type === 'ClusterIP')
      .map(({ metadata: { name, namespace } }) => {
        const live = before.get({ kind: 'Service', namespace: namespace!, name })!;
        return { ...live, spec: { ...live['spec'], type: 'NodePort' } } as Manifest;
      });
    const news = [...added.map((each, index) => objectOf(each, `n${index}`, where)), ...others];
    const puts = [...(wanted ? [quotaOf(wanted)] : []), ...news];
    const changes = puts.map((put): Change => ({ put }));
    const { impacts } = preview(before, changes, noObservations(), 0);
    if (wanted && !(await putQuota(quotaOf(wanted), was === null))) return;
    const compare = (object: Manifest, { code, body }: { code: number; body: any }) => {
      const text = subjectText({ type: 'object', ref: refOf(object) });
      const told = impacts.filter(({ subject }) => subjectText(subject) === text);
      const breaks = told.some(({ outcome, subject }) => outcome === 'breaks' && subject.type === 'object');
      const about = `${JSON.stringify({ living, was, wanted, added })}: ${text}: ${JSON.stringify(told)} / ${body.message}`;
      assert.equal(code === 200 || code === 201, !breaks, about);
      counts[breaks ? 'breaks' : 'safe']++;
    };
    for (const object of news) {
      const isOther = others.includes(object);
      const path = `${pathOf(object)}${isOther ? `/${object.metadata.name}` : ''}`;
      compare(object, await server.ask(master, isOther ? 'PUT' : 'POST', path, object));
    }
    for (const pod of before.of('Pod')) {
      const made = await again(old.find(({ metadata }) => metadata.name === pod.metadata.name)!);
      compare(pod, made);
      // A quota that is over stays over for the next one: as it was when it was previewed.
      if (made.code !== 201) break;
    }
  };
  const list = fc.array(thing, { minLength: 1, maxLength: 4, size: 'max' });
  const drawn = fc.asyncProperty(list, fc.option(quota, { freq: 3 }), fc.option(quota, { freq: 3 }), list, trial);
  await fc.assert(drawn, { numRuns: 200 });
  assert.ok(counts.breaks > 20 && counts.safe > 20, JSON.stringify(counts));
});
