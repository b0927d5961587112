import type { Unassessed } from '../contract.ts';
import type { Loaded, LoadedObject } from '../manifests/load.ts';
import { kindName, objectText } from '../object-ref.ts';
import type { Unread } from '../snapshot/snapshot.ts';
import { policyRefusal, serverSays } from '../snapshot/sound.ts';
import { contradicting, standsTwice } from '../snapshot/twice.ts';
import { podOf, podPlace } from '../workload.ts';

/** Manifests that can be judged, and what is to be told of the others. */
export type Whole = {
  objects: LoadedObject[];
  /** An API server refuses them: no verdict on them would be about anything that can run. */
  unreadable: Unassessed[];
  unassessed: Unassessed[];
  /** Their kinds: nothing may be concluded from the absence of what was left out. */
  unread: Unread[];
};

/** Parts whole objects from what only looks like one: values of a wrong type, workloads without a pod, misspelt fields. */
export function wholeObjects({ objects }: Pick<Loaded, 'objects'>): Whole {
  const whole: Whole = { objects: [], unreadable: [], unassessed: [], unread: [] };
  for (const loaded of objects) {
    const { object } = loaded;
    const { refused = policyRefusal(object), unknown } = serverSays(object);
    const partial = refused === undefined ? withoutPod(object) : undefined;
    if (refused === undefined && partial === undefined) whole.objects.push(loaded);
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
