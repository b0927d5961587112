import type { KubernetesObject } from '../../api/object.ts';
import { ApiError, badRequest, notFound } from '../../api/status.ts';
import type { Context } from '../context.ts';
import { objectFor } from '../storage/codec.ts';
import { namespaceOf } from '../verbs/update.ts';

/** Where a node's agent listens, and how the server presents itself there. */
export type NodeConnection = {
  host: string;
  port: number;
  /** PEM. */
  key: string | Buffer;
  cert: string | Buffer;
  ca: string | Buffer;
};

/** Throws NotFound, BadRequest when the node tells no address, ServiceUnavailable when there is no identity for it. */
export function nodeConnection({ lookup, extensions }: Context, name: string): NodeConnection {
  const node = lookup.get('nodes', '', name);
  if (node === undefined) throw notFound({ group: '', resource: 'nodes', name });
  const identity = extensions.nodeClient?.();
  if (identity === undefined)
    throw new ApiError('ServiceUnavailable', 'this server has no certificate to talk to node agents with');
  const { addresses = [], daemonEndpoints } = node['status'] ?? {};
  const port = daemonEndpoints?.kubeletEndpoint?.Port ?? 10250;
  for (const type of ['InternalIP', 'Hostname', 'ExternalIP']) {
    const found = addresses.find((address: { type: string }) => address.type === type);
    if (found !== undefined) return { host: found.address, port, ...identity };
  }
  throw badRequest(`node "${name}" tells no address in its status`);
}

/** The pod of the request. Throws NotFound. */
export function podOf(context: Context): KubernetesObject {
  const { storage, kind, target } = context;
  const entry = storage.get(kind, namespaceOf(context), target.name);
  if (entry === undefined) throw notFound({ group: '', resource: 'pods', name: target.name });
  return objectFor(kind, entry);
}

/** The node a pod runs on. Throws BadRequest when it runs on none. */
export function nodeNameOf(pod: KubernetesObject): string {
  const nodeName = pod['spec']?.nodeName;
  if (nodeName) return nodeName;
  throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
}

/** The container that is meant: named, by annotation, or the only one (registry/core/pod/strategy.go). */
export function containerOf(pod: KubernetesObject, asked: string | null): string {
  const { containers = [], initContainers = [], ephemeralContainers = [] } = pod['spec'] ?? {};
  const names = (list: { name: string }[]) => list.map(({ name }) => name);
  const all = [...names(containers), ...names(initContainers), ...names(ephemeralContainers)];
  const wanted = asked || pod.metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  if (wanted) {
    if (all.includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${pod.metadata.name}`);
  }
  if (all.length === 1) return all[0]!;
  const others =
    initContainers.length > 0 ? ` or one of the init containers: [${names(initContainers).join(' ')}]` : '';
  throw badRequest(
    `a container name must be specified for pod ${pod.metadata.name}, choose one of: [${names(containers).join(' ')}]${others}`,
  );
}
