import type { KubernetesObject } from '../api/object.ts';
import type { Engine } from '../store/store.ts';
import type { Lookup } from './contracts.ts';
import { decode, namesOf } from './storage/codec.ts';

type View = {
  version: number;
  objects: Map<string, KubernetesObject> | undefined;
  lists: Map<string, KubernetesObject[]>;
};

/** Synchronous reads of stored objects for the server's own defences; a resource is kept decoded once it was listed. */
export function createLookup(engine: Engine): Lookup {
  const views = new Map<string, View>();
  function viewOf(resource: string): View {
    let view = views.get(resource);
    if (view === undefined) {
      const fresh: View = { version: 1, objects: undefined, lists: new Map() };
      view = fresh;
      views.set(resource, fresh);
      engine.watch(`/registry/${resource}/`, engine.revision(), (events) => {
        fresh.version++;
        fresh.lists.clear();
        for (const { type, entry } of events)
          if (type === 'delete') fresh.objects?.delete(entry.key);
          else fresh.objects?.set(entry.key, decode(entry.value));
      });
    }
    return view;
  }
  return {
    get(resource, namespace, name) {
      const key = `/registry/${resource}/${namespace}/${name}`;
      const known = views.get(resource)?.objects;
      if (known !== undefined) return known.get(key);
      const entry = engine.get(key);
      return entry === undefined ? undefined : decode(entry.value);
    },
    list(resource, namespace) {
      const view = viewOf(resource);
      if (view.objects === undefined) {
        view.objects = new Map();
        for (const entry of engine.range(`/registry/${resource}/`).entries)
          view.objects.set(entry.key, decode(entry.value));
      }
      const listed = view.lists.get(namespace ?? '*');
      if (listed !== undefined) return listed;
      const list: KubernetesObject[] = [];
      for (const [key, object] of view.objects)
        if (namespace === undefined || namesOf(key).namespace === namespace) list.push(object);
      view.lists.set(namespace ?? '*', list);
      return list;
    },
    version: (resource) => viewOf(resource).version,
  };
}
