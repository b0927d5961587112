import { labelValue } from '../../api/validation/names.ts';
import { type Exposure, hostPortExposures, isOver, type PolicyPod, podKey, policyPod } from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';
import { type ObjectRef, refOf } from '../object-ref.ts';
import { podOf, workloadKinds } from '../workload.ts';
import { type NotAssessed, noting } from './noting.ts';
import { oncePerKinds } from './once.ts';
import { ownersOf, willRun } from './owners.ts';

/** Pods that live, and those that stand for templates of which nothing runs. */
export type RunningPods = {
  pods: PolicyPod[];
  /** What host ports expose. */
  exposures: Exposure[];
  /** Of every pod, by `podKey`: the object at the top of the chain that made it, or the pod itself. */
  workloads: Map<string, ObjectRef>;
  /** Those made from templates, by `podKey` (`shop/deployment/web`). They have no address. */
  templates: Set<string>;
  notAssessed: NotAssessed[];
};

/** The pods of a snapshot as the policy evaluator sees them. */
export const runningIn = oncePerKinds(workloadKinds, (snapshot): RunningPods => {
  const notAssessed: NotAssessed[] = [];
  const tryEach = noting(notAssessed);
  const owners = ownersOf(snapshot);
  const workloads = new Map<string, ObjectRef>();
  const alive = new Set<Manifest>();
  const living = snapshot.of('Pod').filter((pod) => !isOver(pod));
  const pods = tryEach(living, (object, written) => {
    const read = readPod(object);
    const top = owners.topOf(written);
    alive.add(top);
    workloads.set(podKey(read.pod), refOf(top));
    return read;
  });
  const idle = owners.controllers.filter((object) => !alive.has(object) && willRun(object));
  const virtual = tryEach(idle, (_, written) => {
    const read = readPod(podOfTemplate(written));
    workloads.set(podKey(read.pod), refOf(written));
    return read;
  });
  const every = [...pods, ...virtual];
  return {
    ...{ workloads, notAssessed },
    pods: every.map(({ pod }) => pod),
    exposures: every.flatMap(({ exposures }) => exposures),
    templates: new Set(virtual.map(({ pod }) => podKey(pod))),
  };
});

const madeFromTemplates = new WeakMap<Manifest, Manifest>();

function podOfTemplate(object: Manifest): Manifest {
  let made: Manifest | undefined = madeFromTemplates.get(object);
  if (made === undefined) {
    const { metadata, spec } = podOf(object)!.pod as unknown as Manifest;
    const jobName: Record<string, string> =
      object.kind === 'Job' ? { 'batch.kubernetes.io/job-name': object.metadata.name } : {};
    made = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: `${object.kind.toLowerCase()}/${object.metadata.name}`,
        namespace: object.metadata.namespace || 'default',
        labels: { ...metadata?.labels, ...jobName },
      },
      spec,
    };
    madeFromTemplates.set(object, made);
  }
  return made;
}

type ReadPod = { pod: PolicyPod; exposures: Exposure[] };
const readPods = new WeakMap<Manifest, ReadPod>();

/** Files may hold anything where the API has text. Throws with what is wrong. */
function readPod(object: Manifest): ReadPod {
  const known = readPods.get(object);
  if (known !== undefined) return known;
  const pod = policyPod(object);
  for (const key of Object.keys(pod.labels)) {
    const value: unknown = pod.labels[key];
    const wrong = typeof value === 'string' ? labelValue(value) : 'must be text';
    if (wrong) throw new Error(`label ${key}: ${wrong}`);
  }
  for (const { port } of pod.ports)
    if (!Number.isInteger(port)) throw new Error(`containerPort ${JSON.stringify(port)}: must be a number`);
  const read = { pod, exposures: hostPortExposures(object) };
  readPods.set(object, read);
  return read;
}
