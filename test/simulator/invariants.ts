import type { KubernetesObject } from '../../src/api/object.ts';
import type {
  DaemonSet,
  Deployment,
  EndpointSlice,
  Job,
  Pod,
  ReplicaSet,
  Service,
  StatefulSet,
} from '../../src/api/schema/types.d.ts';
import type { World } from './world.ts';

const namespace = 'default';
const isReady = (pod: Pod) => pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
const isDaemon = (pod: Pod) => pod.metadata.ownerReferences?.[0]?.kind === 'DaemonSet';
const isOver = ({ status }: Pod) => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** What is not as it should be once everything has come to rest; empty when all is well. */
export function violations(world: World): string[] {
  const { cache, nodes, outrages } = world;
  const pods: Pod[] = cache('pods').list(namespace);
  const alive = new Set(nodes.filter((node) => node.alive).map(({ name }) => name));
  const wrong = [...outrages];
  const expect = (fine: boolean, what: string) => {
    if (!fine) wrong.push(what);
  };
  for (const pod of pods) {
    const { name } = pod.metadata;
    if (isOver(pod)) continue;
    expect(alive.has(pod.spec?.nodeName ?? ''), `pod ${name} is on ${pod.spec?.nodeName ?? 'no node'}`);
    expect(pod.metadata.deletionTimestamp === undefined, `pod ${name} does not end`);
    expect(pod.metadata.ownerReferences?.length === 1, `pod ${name} has no owner`);
  }
  const owned = (owner: KubernetesObject) => pods.filter((pod) => ownerOf(pod) === owner.metadata.uid && !isOver(pod));
  for (const resource of ['pods', 'replicasets.apps', 'endpointslices.discovery.k8s.io', 'controllerrevisions.apps'])
    for (const object of cache(resource).list(namespace))
      for (const owner of object.metadata.ownerReferences ?? []) {
        const present = cache(resourceOf(owner.kind)).byUid(owner.uid);
        expect(present !== undefined, `${resource} ${object.metadata.name} outlived ${owner.kind} ${owner.name}`);
      }
  checkDeployments(world, owned, expect);
  for (const set of cache('statefulsets.apps').list(namespace) as StatefulSet[]) {
    const names = owned(set)
      .filter(isReady)
      .map(({ metadata }) => metadata.name);
    const wanted = Array.from({ length: set.spec?.replicas ?? 1 }, (_, index) => `${set.metadata.name}-${index}`);
    expect(names.sort().join() === wanted.join(), `stateful set ${set.metadata.name} has ${names}, not ${wanted}`);
  }
  for (const set of cache('daemonsets.apps').list(namespace) as DaemonSet[]) {
    const on = owned(set)
      .filter(isReady)
      .map(({ spec }) => spec!.nodeName!);
    expect(on.sort().join() === [...alive].sort().join(), `daemons are ready on ${on}, not on ${[...alive]}`);
  }
  for (const job of cache('jobs.batch').list(namespace) as Job[])
    expect(job.status?.succeeded === job.spec?.completions, `job: ${JSON.stringify(job.status)}`);
  checkEndpoints(world, pods, expect);
  return wrong;
}

/** Pods on dead nodes that nobody told to go. Daemons tolerate that their node is away. */
export function stranded({ cache, nodes }: World): string[] {
  const dead = new Set(nodes.filter(({ alive }) => !alive).map(({ name }) => name));
  const pods = (cache('pods').list(namespace) as Pod[]).filter((pod) => dead.has(pod.spec?.nodeName ?? ''));
  const kept = pods.filter((pod) => !isOver(pod) && !isDaemon(pod) && pod.metadata.deletionTimestamp === undefined);
  return kept.map(({ metadata, spec }) => `pod ${metadata.name} stays on ${spec?.nodeName}`);
}

type Expect = (fine: boolean, what: string) => void;

const ownerOf = (pod: Pod) => pod.metadata.ownerReferences?.find(({ controller }) => controller)?.uid;

const resourceOf = (kind: string) =>
  ({
    ReplicaSet: 'replicasets.apps',
    Deployment: 'deployments.apps',
    StatefulSet: 'statefulsets.apps',
    DaemonSet: 'daemonsets.apps',
    Job: 'jobs.batch',
    Service: 'services',
    Endpoints: 'endpoints',
  })[kind] ?? kind;

function checkDeployments({ cache }: World, owned: (owner: any) => Pod[], expect: Expect): void {
  const sets: ReplicaSet[] = cache('replicasets.apps').list(namespace);
  for (const deployment of cache('deployments.apps').list(namespace) as Deployment[]) {
    const { name, uid, generation } = deployment.metadata;
    const own = sets.filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === uid);
    const pods = own.flatMap(owned);
    const image = deployment.spec!.template.spec!.containers[0]!.image;
    const current = pods.filter((pod) => isReady(pod) && pod.spec?.containers[0]?.image === image);
    const { replicas } = deployment.spec!;
    expect(pods.length === replicas, `deployment ${name} has ${pods.length} pods, not ${replicas}`);
    expect(current.length === replicas, `deployment ${name}: ${current.length} of ${replicas} are current and ready`);
    const status = deployment.status ?? {};
    expect(status.observedGeneration === generation, `deployment ${name} was not looked at`);
    expect((status.readyReplicas ?? 0) === replicas, `deployment ${name} says ${JSON.stringify(status)}`);
  }
}

function checkEndpoints({ cache }: World, pods: Pod[], expect: Expect): void {
  const slices: EndpointSlice[] = cache('endpointslices.discovery.k8s.io').list(namespace);
  for (const { metadata, spec } of cache('services').list(namespace) as Service[]) {
    const app = spec?.selector?.['app'];
    if (app === undefined) continue;
    const ready = pods.filter((pod) => pod.metadata.labels?.['app'] === app && isReady(pod) && !isOver(pod));
    const wanted = ready.map(({ status }) => status!.podIP!).sort();
    const told = slices
      .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name)
      .flatMap(({ endpoints }) => endpoints ?? [])
      .filter(({ conditions }) => conditions?.ready)
      .flatMap(({ addresses }) => addresses)
      .sort();
    expect(told.join() === wanted.join(), `service ${metadata.name} leads to ${told}, not to ${wanted}`);
  }
}
