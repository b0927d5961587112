import { isDeepStrictEqual } from 'node:util';
import type { Node, NodeStatus } from '../../api/schema/types.d.ts';
import { ApiError } from '../../api/status.ts';
import type { Client } from '../../client/client.ts';
import type { Clock } from '../../foundation/clock.ts';
import { type NodeFindings, type NodeOptions, nodeStatus } from './node-status.ts';
import { registerNode } from './register.ts';

export type ReportOptions = {
  client: Client;
  clock: Clock;
  node: NodeOptions;
  inspect(): Promise<NodeFindings>;
};

/** One look at the node, and what the API is told of it. */
export type Report = {
  /** Registers the node when the API does not know it; writes its status when it has changed. */
  make(): Promise<void>;
  latest(): Node | undefined;
  /** Of the Node that was seen last, also when its status could not be written. */
  uid(): string | undefined;
};

/** A status in which nothing changed is still written this often, as the kubelet does. */
const unchangedMs = 300_000;

export function createReport({ client, clock, node, inspect }: ReportOptions): Report {
  const named = { name: node.nodeName };
  let current: Node | undefined;
  let uid: string | undefined;
  let writtenMs = Number.NEGATIVE_INFINITY;

  function registerIfGone(error: unknown): Promise<Node> {
    if (error instanceof ApiError && error.reason === 'NotFound') return registerNode(client, node);
    throw error;
  }

  return {
    latest: () => current,
    uid: () => uid,
    async make() {
      current ??= await registerNode(client, node);
      const found = await inspect();
      // Compared with what the API says now: after a silence it says Unknown, which nobody but this agent takes back.
      current = await client.get<Node>('nodes', named).catch(registerIfGone);
      uid = current.metadata.uid;
      const status = nodeStatus(node, found, current.status ?? {}, clock.now());
      const due = clock.monotonicMs() - writtenMs >= unchangedMs;
      if (!due && isDeepStrictEqual(timeless(status), timeless(current.status ?? {}))) return;
      const allocatable = { ...withdrawn(current.status, status), ...status.allocatable };
      const body = { status: { ...status, allocatable } };
      try {
        current = await client.patch<Node>('nodes', named, { type: 'strategic', body }, { subresource: 'status' });
        writtenMs = clock.monotonicMs();
      } catch (error) {
        // Deleted by someone, or changed since: read it again the next time.
        current = undefined;
        throw error;
      }
    },
  };
}

/** In a merge patch: what is no longer advertised, as null. */
function withdrawn({ allocatable: old = {} }: NodeStatus = {}, { allocatable: now = {} }: NodeStatus) {
  const gone = Object.keys(old).filter((name) => !(name in now));
  return Object.fromEntries(gone.map((name) => [name, null]));
}

/** Heartbeats change every time and mean nothing by themselves. */
function timeless(status: NodeStatus): unknown {
  const conditions = (status.conditions ?? []).map(({ lastHeartbeatTime, ...rest }) => rest);
  return JSON.parse(JSON.stringify({ ...status, conditions }));
}
