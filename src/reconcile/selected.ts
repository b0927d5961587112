import type { KubernetesObject } from '../api/object.ts';
import { type LabelSelector, wantedLabel } from '../api/selectors.ts';
import type { Cache } from '../client/cache.ts';
import { selects } from './owned.ts';

/** Labels by which objects are indexed, the first that are asked for: there are few that selectors begin with. */
export const indexedLabelsMax = 16;

type KeyOf = (object: KubernetesObject) => string;
const indexes = new Map<string, KeyOf>();

const keyOfValue = (namespace: string, value: string | undefined) => `${namespace} ${value}`;

function indexBy(label: string): KeyOf | undefined {
  const known = indexes.get(label);
  if (known || indexes.size >= indexedLabelsMax) return known;
  const keyOf: KeyOf = ({ metadata }) => keyOfValue(metadata.namespace ?? '', metadata.labels?.[label]);
  indexes.set(label, keyOf);
  return keyOf;
}

/** The objects of a namespace that the selector chooses: not all are gone over, which may be thousands, where it can be. */
export function selected<T extends KubernetesObject>(
  cache: Cache<T>,
  namespace: string,
  selector: LabelSelector | undefined,
): T[] {
  const wanted = wantedLabel(selector);
  const keyOf = wanted && indexBy(wanted[0]);
  const candidates = keyOf ? cache.by(keyOf, keyOfValue(namespace, wanted[1])) : cache.list(namespace);
  return candidates.filter((object) => selects(selector, object));
}
