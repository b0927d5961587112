import type { KubernetesObject } from '../api/object.ts';
import type { Engine } from '../store/store.ts';
import type { Lookup } from './contracts.ts';
import { decode, namesOf } from './storage/codec.ts';

/** Decoded when it is first asked for: of what is written, most is not, and its writer gives its object away later. */
type Held = { value: Uint8Array; object?: KubernetesObject };

function objectOf(held: Held): KubernetesObject {
  held.object ??= decode(held.value);
  return held.object;
}

/** Lists of one resource that are kept; which namespaces are asked for, clients decide. */
const listsMax = 1000;

type View = {
  version: number;
  held: Map<string, Held> | undefined;
  lists: Map<string, KubernetesObject[]>;
};

/** Synchronous reads of stored objects for the server's own defences; what was listed once is kept, and followed. */
export function createLookup(engine: Engine): Lookup {
  const views = new Map<string, View>();
  function viewOf(resource: string): View {
    let view = views.get(resource);
    if (view === undefined) {
      const fresh: View = { version: 1, held: undefined, lists: new Map() };
      view = fresh;
      views.set(resource, fresh);
      engine.watch(`/registry/${resource}/`, engine.revision(), (events) => {
        fresh.version++;
        fresh.lists.clear();
        for (const { type, entry } of events)
          if (type === 'delete') fresh.held?.delete(entry.key);
          else fresh.held?.set(entry.key, { value: entry.value });
      });
    }
    return view;
  }
  return {
    get(resource, namespace, name) {
      const key = `/registry/${resource}/${namespace}/${name}`;
      const view = views.get(resource)?.held;
      if (view !== undefined) {
        const held = view.get(key);
        return held && objectOf(held);
      }
      const entry = engine.get(key);
      return entry === undefined ? undefined : decode(entry.value);
    },
    list(resource, namespace) {
      const view = viewOf(resource);
      if (view.held === undefined) {
        view.held = new Map();
        for (const { key, value } of engine.range(`/registry/${resource}/`).entries) view.held.set(key, { value });
      }
      const listed = view.lists.get(namespace ?? '*');
      if (listed !== undefined) return listed;
      const list: KubernetesObject[] = [];
      for (const [key, held] of view.held)
        if (namespace === undefined || namesOf(key).namespace === namespace) list.push(objectOf(held));
      if (view.lists.size >= listsMax) view.lists.clear();
      view.lists.set(namespace ?? '*', list);
      return list;
    },
    version: (resource) => viewOf(resource).version,
  };
}
