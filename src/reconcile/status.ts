import type { KubernetesObject } from '../api/object.ts';
import { equalJson } from '../foundation/json.ts';
import type { ControllerContext, ResourceName } from './controller.ts';

/**
 * Writes a status when it says something new. The object's resourceVersion goes along: a status that was computed
 * from an old object is refused with Conflict, and computed again.
 */
export async function writeStatus<T extends KubernetesObject>(
  { client }: ControllerContext,
  resource: ResourceName,
  object: T,
  status: object,
): Promise<T> {
  if (equalJson(object['status'], status)) return object;
  return client.update<T>(resource, { ...object, status }, { subresource: 'status' });
}
