import type { KubernetesObject } from '../api/object.ts';
import type { Engine, Entry } from '../store/store.ts';
import type { Lookup } from './contracts.ts';
import { decode, namesOf } from './storage/codec.ts';

/** Decoded when it is first asked for: of what is written, most is not, and its writer gives its object away later. */
type Held = { value: Uint8Array; object?: KubernetesObject };

function objectOf(held: Held): KubernetesObject {
  held.object ??= decode(held.value);
  return held.object;
}

/** What stands in one namespace, by name; the list is kept until something changes there. */
type Place = { held: Map<string, Held>; list: KubernetesObject[] | undefined };

const none: KubernetesObject[] = [];

function listOf(place: Place | undefined): KubernetesObject[] {
  if (place === undefined) return none;
  place.list ??= [...place.held.values()].map(objectOf);
  return place.list;
}

/** One resource. Its places are filled when it is first listed, and then followed. */
type View = { version: number; places: Map<string, Place> | undefined; all: KubernetesObject[] | undefined };

function hold(places: Map<string, Place>, { key, value }: Entry): void {
  const { namespace, name } = namesOf(key);
  const place = places.get(namespace) ?? { held: new Map(), list: undefined };
  places.set(namespace, place);
  place.held.set(name, { value });
  place.list = undefined;
}

function release(places: Map<string, Place>, { key }: Entry): void {
  const { namespace, name } = namesOf(key);
  const place = places.get(namespace);
  if (place === undefined) return;
  place.held.delete(name);
  place.list = undefined;
  if (place.held.size === 0) places.delete(namespace);
}

/** Synchronous reads of stored objects for the server's own defences; what was listed once is kept, and followed. */
export function createLookup(engine: Engine): Lookup {
  const views = new Map<string, View>();
  function viewOf(resource: string): View {
    const known = views.get(resource);
    if (known !== undefined) return known;
    const view: View = { version: 1, places: undefined, all: undefined };
    views.set(resource, view);
    engine.watch(`/registry/${resource}/`, engine.revision(), (events) => {
      view.version++;
      view.all = undefined;
      if (view.places === undefined) return;
      for (const { type, entry } of events) {
        if (type === 'delete') release(view.places, entry);
        else hold(view.places, entry);
      }
    });
    return view;
  }
  function placesOf(resource: string, view: View): Map<string, Place> {
    if (view.places === undefined) {
      view.places = new Map();
      for (const entry of engine.range(`/registry/${resource}/`).entries) hold(view.places, entry);
    }
    return view.places;
  }
  return {
    get(resource, namespace, name) {
      const places = views.get(resource)?.places;
      if (places !== undefined) {
        const held = places.get(namespace)?.held.get(name);
        return held && objectOf(held);
      }
      const entry = engine.get(`/registry/${resource}/${namespace}/${name}`);
      return entry === undefined ? undefined : decode(entry.value);
    },
    list(resource, namespace) {
      const view = viewOf(resource);
      const places = placesOf(resource, view);
      if (namespace !== undefined) return listOf(places.get(namespace));
      view.all ??= [...places.values()].flatMap(listOf);
      return view.all;
    },
    version: (resource) => viewOf(resource).version,
  };
}
