import { networkPolicy } from '../../api/kinds/network-policy.ts';
import type { FieldError } from '../../api/status.ts';
import { labelValue } from '../../api/validation/names.ts';
import {
  type Exposure,
  exposes,
  hostPortExposures,
  type Isolation,
  isOver,
  isolationProtection,
  type NetworkPolicy,
  type PolicyPod,
  parsePolicy,
  podKey,
  policyNamespace,
  policyNode,
  policyPod,
  readIsolation,
  serviceExposures,
  serviceNameLabel,
  type WellKnown,
  type World,
} from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';
import { kindName, nameOf, type ObjectRef, refOf } from '../object-ref.ts';
import { protectionKind, writtenMode } from '../protection-mode.ts';
import { podOf, workloadKinds } from '../workload.ts';
import { backendsOf } from './backends.ts';
import { networkPolicyKind } from './kinds.ts';
import { type NetworkDoubts, networkDoubts } from './network-doubts.ts';
import { oncePerKinds } from './once.ts';
import { ownersOf, willRun } from './owners.ts';
import type { Snapshot } from './snapshot.ts';

const endpointSliceKind = 'EndpointSlice.discovery.k8s.io';
const networkKinds = ['Pod', 'Namespace', 'Node', 'Service', endpointSliceKind, networkPolicyKind];

export type SnapshotWorld = NetworkDoubts & {
  world: World;
  /** Of every pod of the world, by `podKey`: the object at the top of the chain that made it, or the pod itself. */
  workloads: Map<string, ObjectRef>;
  /** Pods that stand for a template of which nothing runs, by `podKey` (`shop/deployment/web`). They have no address. */
  templates: Set<string>;
  /** What is missing from the world, and why: nothing that depends on it may be called allowed or denied. */
  notAssessed: { what: string; why: string }[];
};

/**
 * A snapshot as the policy evaluator sees it. Controllers of which no pod lives (manifests, zero replicas, CronJobs)
 * are there as one pod made from their template, so that policies are judged before anything runs.
 */
export function worldOfSnapshot(snapshot: Snapshot): SnapshotWorld {
  const kinds = snapshot.closedByDefault ? [...networkKinds, protectionKind] : networkKinds;
  const notAssessed = kinds.flatMap((kind) => {
    const why = snapshot.whyUnread(kind);
    return why === undefined ? [] : [{ what: kind, why }];
  });
  const tryEach = noting(notAssessed);
  const running = runningIn(snapshot);
  notAssessed.push(...running.notAssessed);
  const world: World = {
    pods: running.pods,
    namespaces: tryEach(snapshot.of('Namespace'), policyNamespace),
    nodes: tryEach(snapshot.of('Node'), policyNode),
    policies: tryEach(snapshot.of(networkPolicyKind), (object, written) =>
      snapshot.wasAccepted(written) ? readPolicy(object) : checkedPolicy(object),
    ),
    exposures: [...running.exposures],
    wellKnown: [],
    ...(snapshot.closedByDefault ? { defaultIsolation: defaultIsolation(snapshot) } : { foreign: true }),
  };
  world.exposures.push(...exposuresOf(snapshot, world.pods, tryEach));
  if (snapshot.closedByDefault) world.wellKnown = wellKnownServices(snapshot, notAssessed);
  const { workloads, templates } = running;
  return { world, workloads, templates, notAssessed, ...networkDoubts(snapshot) };
}

/** Pods that live, and those made from templates. */
type Running = Pick<SnapshotWorld, 'workloads' | 'templates' | 'notAssessed'> & Pick<World, 'pods' | 'exposures'>;

const runningIn = oncePerKinds(workloadKinds, (snapshot): Running => {
  const notAssessed: Running['notAssessed'] = [];
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

/** Converts one by one: what cannot be is noted, not thrown. */
type TryEach = <T>(objects: Manifest[], convert: (object: Manifest, written: Manifest) => T) => T[];

const noting =
  (notAssessed: SnapshotWorld['notAssessed']): TryEach =>
  (objects, convert) => {
    const converted: ReturnType<typeof convert>[] = [];
    for (const object of objects)
      try {
        converted.push(convert(placed(object), object));
      } catch (error) {
        const why = `an API server would refuse it (${(error as Error).message})`;
        notAssessed.push({ what: `${kindName(object)} ${nameOf(object)}`, why });
      }
    return converted;
  };

const placements = new WeakMap<Manifest, Manifest>();
const clusterScoped = new Set(['Namespace', 'Node']);

/** A manifest that names no namespace is meant for `default`. The same object gives the same one. */
function placed(object: Manifest): Manifest {
  if (object.metadata.namespace || clusterScoped.has(object.kind)) return object;
  let copy = placements.get(object);
  if (copy === undefined) {
    copy = { ...object, metadata: { ...object.metadata, namespace: 'default' } };
    placements.set(object, copy);
  }
  return copy;
}

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

/** Throws when it cannot be parsed. */
function readPolicy(object: Manifest): NetworkPolicy {
  const policy = object as unknown as NetworkPolicy;
  parsePolicy(policy);
  return policy;
}

const checkedPolicies = new WeakSet<Manifest>();

/** What an API server would refuse is no policy: it would not be there. Throws with what is wrong. */
function checkedPolicy(object: Manifest): NetworkPolicy {
  const policy = readPolicy(object);
  if (checkedPolicies.has(object)) return policy;
  const [wrong] = refusalsOf(object);
  if (wrong !== undefined) throw new Error(`${wrong.field}: ${wrong.message}`);
  checkedPolicies.add(object);
  return policy;
}

/** Validation is of decoded objects; in a file a list may be null, which is none. */
function refusalsOf(object: Manifest): FieldError[] {
  try {
    return networkPolicy.validate(object);
  } catch {
    return [];
  }
}

function defaultIsolation(snapshot: Snapshot): Isolation {
  return readIsolation(writtenMode(snapshot, isolationProtection) ?? 'island');
}

/** By endpoints where there are pods with addresses, by selectors for those that do not run yet. */
function exposuresOf(snapshot: Snapshot, pods: PolicyPod[], tryEach: TryEach): Exposure[] {
  const exposing = snapshot.of('Service').filter(exposes);
  const waiting = pods.filter(({ ips, hostNetwork }) => ips.length === 0 && !hostNetwork);
  const bySelector = tryEach(exposing, (service) =>
    backendsOf(service, waiting).flatMap(({ pod, protocol, port }) =>
      port === undefined ? [] : [{ namespace: pod.namespace, pod: pod.name, protocol, port }],
    ),
  );
  const slices = tryEach(snapshot.of(endpointSliceKind), checkedSlice);
  return [...serviceExposures(exposing, slices, pods), ...bySelector.flat()];
}

function checkedSlice(slice: Manifest): Manifest {
  for (const list of [slice.endpoints ?? [], slice.ports ?? [], ...(slice.endpoints ?? []).map(addressesIn)])
    if (!Array.isArray(list)) throw new Error('endpoints, their addresses and ports must be lists');
  return slice;
}

const addressesIn = ({ addresses }: { addresses: unknown }) => addresses;

/** DNS and the API, which have no pods of their own on our clusters: their Services, and where their endpoints are. */
function wellKnownServices(snapshot: Snapshot, notAssessed: SnapshotWorld['notAssessed']): WellKnown[] {
  const dns = wellKnown(snapshot, 'kube-system', 'kube-dns');
  const api = wellKnown(snapshot, 'default', 'kubernetes');
  const why = 'neither Service nor EndpointSlice is here: where pods find it is not known';
  if (dns === undefined) notAssessed.push({ what: 'cluster DNS (Service kube-system/kube-dns)', why });
  if (api === undefined) notAssessed.push({ what: 'the API (Service default/kubernetes)', why });
  return [
    ...(dns ? [{ ...dns, name: 'dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } }] : []),
    ...(api ? [{ ...api, name: 'api' }] : []),
  ];
}

function wellKnown(snapshot: Snapshot, namespace: string, name: string): WellKnown | undefined {
  const service = snapshot.get({ kind: 'Service', namespace, name });
  const slice = snapshot
    .of(endpointSliceKind, namespace)
    .find(({ metadata }) => metadata.labels?.[serviceNameLabel] === name);
  const address: string | undefined = slice?.endpoints?.[0]?.addresses?.[0];
  const port: number | undefined = slice?.ports?.[0]?.port;
  if (address === undefined || port === undefined || service?.spec?.clusterIP === undefined) return undefined;
  const ports: { port: number; protocol?: 'TCP' | 'UDP' }[] = service.spec.ports ?? [];
  return {
    name,
    protocols: [...new Set(ports.map(({ protocol = 'TCP' }) => protocol))],
    backend: { address, port },
    aliases: [...new Set(ports.map(({ port }) => port))].map((port) => ({ address: service.spec.clusterIP, port })),
  };
}
