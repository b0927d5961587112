import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../../api/object.ts';
import type { Node } from '../../api/schema/types.d.ts';
import { ApiError } from '../../api/status.ts';
import type { Client } from '../../client/client.ts';
import { type NodeOptions, nodeObject } from './node-status.ts';

/**
 * Makes the Node, or finds it and brings its labels up to date; what others wrote into it stays. Its pod range is told
 * when it is made: later a node may not change it, and one that was made by somebody else is given one by a controller.
 */
export async function registerNode(client: Client, node: NodeOptions): Promise<Node> {
  const wanted = nodeObject(node);
  try {
    return await client.create<Node>('nodes', wanted as KubernetesObject);
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
  }
  const found = await client.get<Node>('nodes', { name: node.nodeName });
  const labels = { ...found.metadata.labels, ...wanted.metadata.labels };
  if (isDeepStrictEqual(labels, found.metadata.labels)) return found;
  const body = { metadata: { labels } };
  return client.patch<Node>('nodes', { name: node.nodeName }, { type: 'merge', body });
}
