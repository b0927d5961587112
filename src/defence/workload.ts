import type { PodLike } from '../api/pod-security/pod-security.ts';
import { isMirrorPod } from '../api/pods/mirror-pod.ts';
import type { Manifest } from './contract.ts';
import type { FieldPath } from './field.ts';
import { kindName } from './object-ref.ts';

const inTemplate: FieldPath = ['spec', 'template'];

const places: Record<string, FieldPath> = {
  Pod: [],
  PodTemplate: ['template'],
  ReplicationController: inTemplate,
  'Deployment.apps': inTemplate,
  'ReplicaSet.apps': inTemplate,
  'StatefulSet.apps': inTemplate,
  'DaemonSet.apps': inTemplate,
  'Job.batch': inTemplate,
  'CronJob.batch': ['spec', 'jobTemplate', ...inTemplate],
};

/** Every kind that has a pod in it. */
export const workloadKinds = Object.keys(places);

/** Where the pod of an object of this kind stands; undefined where the kind has none. */
export const podPlace = (object: Manifest): FieldPath | undefined => places[kindName(object)];

/** The pod in an object and where it stands; undefined where the object has none. */
export function podOf(object: Manifest): { pod: PodLike; prefix: FieldPath } | undefined {
  const prefix = podPlace(object);
  if (prefix === undefined) return undefined;
  const pod = prefix.reduce<any>((value, key) => value?.[key], object);
  return typeof pod?.spec === 'object' && pod.spec !== null ? { pod, prefix } : undefined;
}

/**
 * Is it what the API shows of a static pod? Its kubelet runs that from a file of the node: it holds no token, admission
 * does not refuse it, and writing the object changes nothing. https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/
 */
export const isMirror = (object: Manifest): boolean => object.kind === 'Pod' && isMirrorPod(object);

const unchangeable = ['Pod', 'Job.batch'];

/** Is what it runs never changed while it lives, only made anew? https://kubernetes.io/docs/concepts/workloads/pods/#pod-update-and-replacement */
export const isUnchangeable = (object: Manifest): boolean => unchangeable.includes(kindName(object));

export type PlacedContainer = { container: Record<string, any>; field: FieldPath; ephemeral: boolean; init: boolean };

const placedContainers = new WeakMap<Manifest, PlacedContainer[]>();

/**
 * Every container of an object's pod, with its place in the object. Many checks ask about the same object one after the
 * other, and what is judged stays as it is.
 */
export function containersIn(object: Manifest): PlacedContainer[] {
  const found = placedContainers.get(object) ?? findContainers(object);
  placedContainers.set(object, found);
  return found;
}

function findContainers(object: Manifest): PlacedContainer[] {
  const found = podOf(object);
  if (found === undefined) return [];
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((list) =>
    ((found.pod.spec[list] ?? []) as Record<string, any>[]).map((container, index) => ({
      container,
      field: [...found.prefix, 'spec', list, index],
      ephemeral: list === 'ephemeralContainers',
      // A sidecar runs as long as the others do.
      init: list === 'initContainers' && container['restartPolicy'] !== 'Always',
    })),
  );
}

/** A pod without an offence against any check: what examples are made of. */
export function examplePod(change: (pod: Record<string, any>) => void = () => {}): Manifest {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
    spec: {
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'web',
          image: `registry.example/web:1.4@sha256:${'0'.repeat(64)}`,
          resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '128Mi' } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  };
  change(pod);
  return pod;
}

/** A Deployment of `examplePod`. */
export function exampleDeployment(change: (deployment: Record<string, any>) => void = () => {}): Manifest {
  const { metadata, spec } = examplePod();
  const probe = { httpGet: { path: '/healthz', port: 8080 } };
  Object.assign(spec.containers[0], { readinessProbe: probe, livenessProbe: probe });
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec },
    },
  };
  change(deployment);
  return deployment;
}
