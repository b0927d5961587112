import type { Service } from '../api/schema/types.d.ts';
import { matchesLabels } from '../api/selectors.ts';
import type { Cache } from '../client/cache.ts';

const indexKey = (namespace: string, key: string, value: string) => `${namespace} ${key}=${value}`;

/** By the first label that a service wants: a pod has few labels, and a namespace may have thousands of services. */
function firstWanted({ metadata, spec }: Service): string {
  const [first] = Object.entries(spec?.selector ?? {});
  return first === undefined ? '' : indexKey(metadata.namespace ?? '', ...first);
}

/** The services of the namespace that select pods with these labels. One that wants no label selects none. */
export const servicesSelecting = (services: Cache<Service>, namespace: string, labels: Record<string, string> = {}) =>
  Object.entries(labels)
    .flatMap(([key, value]) => services.by(firstWanted, indexKey(namespace, key, value)))
    .filter(({ spec }) => matchesLabels(spec?.selector, labels));
