import { type Flow, noObservations, type Observations, type Window } from '../../../api/observations/observation.ts';
import type { World } from '../../../policy/policy.ts';
import type { Manifest } from '../../contract.ts';
import { createSnapshot, type Snapshot } from '../../snapshot/snapshot.ts';

/** Snapshots and observations for tests: objects as a live cluster has them, and what was seen on it. */
export const clusterOf = (objects: Manifest[], changes: Partial<Snapshot> = {}): Snapshot =>
  createSnapshot({
    ...{ source: 'cluster', closedByDefault: true, takenAtMs: 0, minor: 36, unread: [], objects },
    ...changes,
  });

export const object = (apiVersion: string, kind: string, name: string, rest: object = {}, metadata: object = {}) =>
  ({
    apiVersion,
    kind,
    metadata: { namespace: 'shop', name, uid: `${kind}-${name}`, ...metadata },
    ...rest,
  }) as Manifest;

export const namespace = (name: string, labels: Record<string, string> = {}): Manifest => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } },
});

/** A pod's template that the restricted standard accepts. */
export const template = (app: string, port: number, spec: object = {}) => ({
  metadata: { labels: { app } },
  spec: {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: app,
        image: `example/${app}:1`,
        ports: [{ name: 'main', containerPort: port }],
        resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      },
    ],
    ...spec,
  },
});

/** A Deployment with its ReplicaSet and as many running pods as `addresses`. */
export function running(app: string, port: number, addresses: string[], spec: object = {}): Manifest[] {
  const made = template(app, port, spec);
  const owned = ({ apiVersion, kind, metadata: { name, uid } }: Manifest) => ({
    ownerReferences: [{ apiVersion, kind, name, uid, controller: true }],
  });
  const deployment = object('apps/v1', 'Deployment', app, {
    spec: { replicas: addresses.length, selector: { matchLabels: { app } }, template: made },
  });
  const set = object('apps/v1', 'ReplicaSet', `${app}-1`, { spec: { template: made } }, owned(deployment));
  const pods = addresses.map((podIP, index) =>
    object(
      'v1',
      'Pod',
      `${app}-1-${index}`,
      { spec: { ...made.spec, nodeName: 'n1' }, status: { phase: 'Running', podIP } },
      { labels: { app, 'pod-template-hash': '1' }, ...owned(set) },
    ),
  );
  return [deployment, set, ...pods];
}

export const policy = (name: string, spec: object, namespace = 'shop'): Manifest =>
  object('networking.k8s.io/v1', 'NetworkPolicy', name, { spec }, { namespace });

/** A flow between the first pods of two Deployments. */
export const flow = (from: string, to: string, port: number, changes: Partial<Flow> = {}): Flow => ({
  ...{ from: end(from), to: end(to), protocol: 'TCP', port, allowed: true, firstMs: 0, lastMs: 1000, count: 1 },
  ...changes,
});
const end = (app: string) => ({
  ...{ type: 'pod' as const, namespace: 'shop', name: `${app}-1-0`, workload: `Deployment/${app}` },
  labels: { app, 'pod-template-hash': '1' },
});

const hourMs = 3_600_000;
/** Watched for an hour: what is not here was not seen. */
export const watched = (seen: Partial<Observations>): Observations => {
  const window: Window[] = [{ source: 'node/n1', fromMs: 0, toMs: hourMs, lost: 0 }];
  return { ...noObservations(), ...seen, windows: { flows: window, calls: window, addresses: window, images: window } };
};

/** A world of the evaluator as objects; exposures are left out. */
export function objectsOf(world: World): Manifest[] {
  const pods = world.pods.map(({ namespace, name, labels, ips, node, hostNetwork, ports }) =>
    object(
      'v1',
      'Pod',
      name,
      {
        spec: {
          nodeName: node,
          hostNetwork,
          containers: [{ name: 'c', ports: ports.map(({ port, ...rest }) => ({ ...rest, containerPort: port })) }],
        },
        status: { phase: 'Running', podIP: ips[0] },
      },
      { namespace, labels },
    ),
  );
  const nodes = world.nodes.map(({ name, addresses }) =>
    object(
      'v1',
      'Node',
      name,
      { status: { addresses: addresses.map((address) => ({ address })) } },
      { namespace: undefined },
    ),
  );
  const namespaces = world.namespaces.map(({ name, labels }) => namespace(name, labels));
  return [
    ...pods,
    ...nodes,
    ...namespaces,
    ...world.policies.map(({ metadata, spec }, index) => policy(`p${index}`, spec!, metadata.namespace)),
  ];
}
