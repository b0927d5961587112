import { type HostFacts, hostFactsBytesMax, hostFactsName, hostFactsNamespace } from '../api/host-facts.ts';
import { ApiError } from '../api/status.ts';
import type { Client } from '../client/client.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import { repeat } from '../foundation/repeat.ts';

export type PublisherOptions = {
  node: string;
  /** With the identity of the node, which may write this one ConfigMap. */
  client: Client;
  collect(): Promise<HostFacts>;
  clock: Clock;
  log: Log;
};

const everyMs = 10 * 60_000;
/** The API may not answer yet, or a moment not. */
const retryMs = 30_000;
const nameLengthMax = 253;

/** Puts what this machine is into the API: now, and every ten minutes when it has changed. `stop` ends it. */
export function publishHostFacts({ node, client, collect, clock, log }: PublisherOptions): { stop(): void } {
  const name = hostFactsName(node);
  async function round(): Promise<number> {
    try {
      await publish(await collect());
      return everyMs;
    } catch (error) {
      log.warn('what this machine is could not be told to the API', { error, configMap: name });
      return retryMs;
    }
  }

  async function publish(facts: HostFacts): Promise<void> {
    const text = JSON.stringify(facts);
    if (text.length > hostFactsBytesMax) throw new Error(`facts of ${text.length} bytes: ${hostFactsBytesMax} at most`);
    const place = { namespace: hostFactsNamespace, name };
    const present = await client.get('configmaps', place).catch(undefinedIfNotFound);
    if (present?.['data']?.facts === text) return;
    const data = { facts: text };
    if (present !== undefined) return void (await client.update('configmaps', { ...present, data }));
    // It goes with its node.
    const owner = await client.get('nodes', { name: node });
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Node', name: node, uid: owner.metadata.uid! }];
    await client.create('configmaps', {
      ...{ apiVersion: 'v1', kind: 'ConfigMap' },
      ...{ metadata: { ...place, ownerReferences }, data },
    });
  }

  if (name.length <= nameLengthMax) return { stop: repeat(clock, round) };
  log.warn('the name of this node is too long: what its machine is cannot be told', { node });
  return { stop() {} };
}

function undefinedIfNotFound(error: unknown): undefined {
  if (error instanceof ApiError && error.reason === 'NotFound') return undefined;
  throw error;
}
