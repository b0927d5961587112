import type { KubernetesObject } from '../../src/api/object.ts';
import { type Random, randomFrom } from '../random.ts';
import type { World } from './world.ts';

const namespace = 'default';
const deploymentNames = ['web', 'api', 'jobs'];
const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

const templateOf = (app: string, image: string) => ({
  metadata: { labels: { app } },
  spec: {
    securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        ...{ name: 'main', image, resources: { requests: { cpu: '100m' } } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
  },
});

const selectorOf = (app: string) => ({ matchLabels: { app } });

function deployment(app: string, replicas: number): KubernetesObject {
  const spec = { replicas, selector: selectorOf(app), template: templateOf(app, 'image:1') };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { namespace, name: app }, spec };
}

function service(app: string): KubernetesObject {
  const spec = { selector: { app }, ports: [{ port: 80 }] };
  return { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name: app }, spec };
}

/** What the turmoil is about: deployments behind services, a stateful set, a set of daemons and a job. */
export async function populate({ admin }: World): Promise<void> {
  for (const app of deploymentNames) {
    await admin.create('deployments.apps', deployment(app, 3));
    await admin.create('services', service(app));
  }
  const metadata = { namespace, name: 'data' };
  const apps = { apiVersion: 'apps/v1', metadata };
  const template = templateOf('data', 'image:1');
  const stateful = { replicas: 3, serviceName: 'data', selector: selectorOf('data'), template };
  await admin.create('services', service('data'));
  await admin.create('statefulsets.apps', { ...apps, kind: 'StatefulSet', spec: stateful });
  const daemon = { selector: selectorOf('everywhere'), template: templateOf('everywhere', 'image:1') };
  await admin.create('daemonsets.apps', {
    ...{ ...apps, kind: 'DaemonSet', metadata: { namespace, name: 'everywhere' } },
    spec: daemon,
  });
  const work = templateOf('work', 'image:1');
  await admin.create('jobs.batch', {
    ...{ apiVersion: 'batch/v1', kind: 'Job', metadata: { namespace, name: 'work' } },
    spec: {
      ...{ completions: 6, parallelism: 2, backoffLimit: 100 },
      template: { ...work, spec: { ...work.spec, restartPolicy: 'Never' } },
    },
  });
}

type Deed = (world: World, random: Random) => unknown;

/** What users, administrators and machines do to a cluster, each as often as it stands here. */
const deeds: Deed[] = [
  ({ admin }, random) => scale(admin, 'deployments.apps', pick(random, deploymentNames), Math.floor(random() * 8)),
  ({ admin }, random) => scale(admin, 'deployments.apps', pick(random, deploymentNames), Math.floor(random() * 8)),
  ({ admin }, random) => scale(admin, 'statefulsets.apps', 'data', Math.floor(random() * 5)),
  ({ admin }, random) => {
    const name = pick(random, deploymentNames);
    const template = templateOf(name, `image:${Math.floor(random() * 5)}`);
    return admin.patch('deployments.apps', { namespace, name }, { type: 'strategic', body: { spec: { template } } });
  },
  (world, random) => deletePod(world, random),
  (world, random) => deletePod(world, random),
  ({ admin }, random) => {
    const name = pick(random, deploymentNames);
    return admin.delete('deployments.apps', { namespace, name }, { propagationPolicy: 'Background' });
  },
  ({ admin }, random) => admin.create('deployments.apps', deployment(pick(random, deploymentNames), 4)),
  ({ admin, cache }, random) => {
    // Somebody writes what a controller is about to write as well.
    const resource = pick(random, ['pods', 'replicasets.apps', 'deployments.apps', 'endpointslices.discovery.k8s.io']);
    const object = anyOf(random, cache(resource).list(namespace));
    const body = { metadata: { annotations: { touched: String(random()) } } };
    return object && admin.patch(resource, { namespace, name: object.metadata.name }, { type: 'merge', body });
  },
  ({ admin, nodes }, random) => {
    const body = { spec: { unschedulable: random() < 0.3 } };
    return admin.patch('nodes', { name: pick(random, nodes).name }, { type: 'merge', body });
  },
  ({ nodes }, random) => {
    const node = pick(random, nodes);
    node.alive = !node.alive;
  },
  ({ restartReactors }) => restartReactors(),
  ({ disk }) => {
    disk.full = !disk.full;
  },
  ({ disk }) => {
    disk.full = false;
  },
  ({ forgetHistory }) => forgetHistory(),
  ({ clock }, random) => clock.jump((random() - 0.5) * 2 * 3600 * 1000),
];

const scale = (admin: World['admin'], resource: string, name: string, replicas: number) =>
  admin.patch(resource, { namespace, name }, { type: 'merge', body: { spec: { replicas } } });

function deletePod({ admin, cache }: World, random: Random) {
  const pod = anyOf(random, cache('pods').list(namespace));
  const options = random() < 0.3 ? { gracePeriodSeconds: 0 } : {};
  return pod && admin.delete('pods', { namespace, name: pod.metadata.name }, options);
}

const anyOf = <T>(random: Random, list: T[]): T | undefined => (list.length === 0 ? undefined : pick(random, list));

const pauseMsMax = 8000;

/** Deeds at random times; what cannot be done (the object is gone) is not done. Afterwards one node stays dead. */
export async function rage(world: World, seed: number, deedsCount = 60): Promise<void> {
  const random = randomFrom(seed);
  for (let count = 0; count < deedsCount; count++) {
    await world.pass(random() * pauseMsMax);
    await Promise.resolve(pick(random, deeds)(world, random)).catch(() => {});
  }
  world.disk.full = false;
  const dead = pick(random, world.nodes);
  for (const node of world.nodes) {
    node.alive = node !== dead;
    const body = { spec: { unschedulable: false } };
    await world.admin.patch('nodes', { name: node.name }, { type: 'merge', body }).catch(() => {});
  }
}
