import type { KubernetesObject } from '../../api/object.ts';
import type { Cache } from '../cache.ts';

const waitMaxMs = 15_000;

/**
 * Resolves with the value of `find` as soon as it is neither undefined nor false, which is asked at every change of the
 * cache. Rejects with what the cache holds when that takes too long.
 */
export async function eventuallyIn<T>(cache: Cache<any>, find: () => T | undefined | false): Promise<T> {
  await cache.synced();
  const late = Promise.withResolvers<never>();
  const fail = () => late.reject(new Error(`still waiting: ${JSON.stringify(cache.list().map(brief), undefined, 1)}`));
  const timer = setTimeout(fail, waitMaxMs);
  try {
    await Promise.race([cache.until(() => Boolean(find())), late.promise]);
  } finally {
    clearTimeout(timer);
  }
  return find() as T;
}

const brief = ({ metadata: { managedFields: _, ...metadata }, ...rest }: KubernetesObject) => ({ metadata, ...rest });
