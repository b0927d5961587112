import type { KubernetesObject } from '../api/object.ts';
import { type ServedResource, servedResources } from '../client/discovery.ts';
import { startReflector } from '../client/reflector.ts';
import { repeat } from '../foundation/repeat.ts';
import type { ControllerContext } from '../reconcile/controller.ts';
import type { OwnerGraph } from './owner-graph.ts';

const discoveredAgainAfterMs = 60_000;
/** They come and go quickly and own nothing. */
const ignored = ['events', 'events.events.k8s.io'];

/** `served`: all resources that there are, as far as is known. */
export type EveryResource = { served(): ServedResource[]; stop(): void };

/** Mirrors every resource that can be listed, watched and deleted into the graph; looks for new ones now and then. */
export function followEveryResource({ client, clock, log }: ControllerContext, graph: OwnerGraph): EveryResource {
  const followed = new Map<string, { isSeen: boolean; stop(): void }>();
  let served: ServedResource[] = [];
  let [ended, complete] = [false, false];

  function follow(name: string): void {
    const own = { isSeen: false, stop: () => {} };
    const sink = {
      replace(objects: KubernetesObject[]) {
        graph.replace(name, objects);
        own.isSeen = true;
        completeWhenSeen();
      },
      apply: graph.apply.bind(undefined, name),
    };
    own.stop = startReflector(client, name, {}, sink, { clock, log });
    followed.set(name, own);
  }

  function forget(name: string): void {
    followed.get(name)!.stop();
    followed.delete(name);
    graph.replace(name, []);
  }

  function completeWhenSeen(): void {
    if (complete || followed.values().some(({ isSeen }) => !isSeen)) return;
    complete = true;
    graph.completed();
  }

  async function discover(): Promise<number> {
    try {
      const found = await servedResources(client);
      if (ended) return discoveredAgainAfterMs;
      served = found;
      const canBeFollowed = ({ verbs }: ServedResource) =>
        ['list', 'watch', 'delete'].every((verb) => verbs.includes(verb));
      const wanted = new Set(served.filter(canBeFollowed).map(({ name }) => name));
      for (const name of ignored) wanted.delete(name);
      for (const name of wanted) if (!followed.has(name)) follow(name);
      for (const name of followed.keys()) if (!wanted.has(name)) forget(name);
      completeWhenSeen();
    } catch (error) {
      log.warn('resources could not be discovered', { error });
    }
    return discoveredAgainAfterMs;
  }

  const end = repeat(clock, discover);
  return {
    served: () => served,
    stop() {
      ended = true;
      end();
      for (const { stop } of followed.values()) stop();
    },
  };
}
