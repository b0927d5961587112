import type { Unassessed } from '../contract.ts';
import type { Loaded, LoadedObject } from '../manifests/load.ts';
import { kindName, objectText } from '../object-ref.ts';
import type { Unread } from '../snapshot/snapshot.ts';
import { refusalOf, serverSays } from '../snapshot/sound.ts';
import { contradicting, standsTwice } from '../snapshot/twice.ts';
import { podOf, podPlace } from '../workload.ts';

/** Manifests that can be judged, and what is to be told of them and of the others. */
export type Whole = {
  objects: LoadedObject[];
  /** Those of them that an API server takes. What the others say is judged, too, but protects nobody. */
  accepted: LoadedObject[];
  /** What an API server refuses, each once. */
  unreadable: Unassessed[];
  unassessed: Unassessed[];
  /** Kinds of what is not accepted: nothing may be concluded from its absence. */
  unread: Unread[];
};

/**
 * Parts whole objects from what only looks like one (values of a wrong type, workloads without a pod, misspelt fields),
 * and those that an API server takes from those that it refuses.
 */
export function wholeObjects({ objects }: Pick<Loaded, 'objects'>): Whole {
  const whole: Whole = { objects: [], accepted: [], unreadable: [], unassessed: [], unread: [] };
  for (const loaded of objects) {
    const { object } = loaded;
    const { refused: unfit, unknown, decoded } = serverSays(object);
    const partial = unfit === undefined ? withoutPod(object) : undefined;
    const refused = unfit ?? (partial === undefined ? refusalOf(decoded) : undefined);
    if (unfit === undefined && partial === undefined) whole.objects.push(loaded);
    if (refused === undefined && partial === undefined) whole.accepted.push(loaded);
    if (refused === undefined && partial === undefined && unknown.length === 0) continue;
    const place = placeOf(loaded);
    if (unknown.length > 0) whole.unassessed.push({ ...place, why: misspelt(unknown) });
    if (refused !== undefined) whole.unreadable.push({ ...place, why: `an API server refuses it: ${refused}` });
    if (partial !== undefined) whole.unassessed.push({ ...place, why: partial });
    const why = refused ?? partial;
    if (why !== undefined) whole.unread.push({ kind: kindName(object), why: `${place.what}: ${why}` });
  }
  const twice = new Set(contradicting(whole.objects.map(({ object }) => object)));
  for (const loaded of whole.objects)
    if (twice.has(loaded.object))
      whole.unassessed.push({ ...placeOf(loaded), why: `what both come to: ${standsTwice}` });
  return whole;
}

const misspelt = (unknown: string[]) =>
  `fields that Kubernetes does not know (kubectl refuses them, others drop them): ${unknown.join(', ')}`;

/** A patch of kustomize looks like this, and so does a template that stands one step too high or too low. */
function withoutPod(object: LoadedObject['object']): string | undefined {
  const place = podPlace(object);
  if (place === undefined) return undefined;
  const containers = podOf(object)?.pod.spec['containers'];
  if (Array.isArray(containers) && containers.length > 0) return undefined;
  const path = [...place, 'spec', 'containers'].join('.');
  return `not a whole object: ${path} is not there; if it is a patch of kustomize, render it first (kubectl kustomize … | rempart check -)`;
}

function placeOf({ object, origin: { file, lineOf } }: LoadedObject) {
  const line = lineOf([]);
  return { what: `${file}:${line} ${objectText(object)}`, file, line };
}
