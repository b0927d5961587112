import { resourceName } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { type ApiError, forbidden } from '../../api/status.ts';
import type { AdmissionRequest } from '../contracts.ts';

/** Is the request this operation on this resource itself (`pods`), or on a subresource (`pods/status`)? */
export function concerns(request: AdmissionRequest, operation: string, resource: string): boolean {
  const { kind, subresource } = request;
  const name = subresource === '' ? resourceName(kind) : `${resourceName(kind)}/${subresource}`;
  return request.operation === operation && name === resource;
}

/** The pod that is being created, or undefined when the request is anything else. */
export const createdPod = (request: AdmissionRequest): KubernetesObject | undefined =>
  concerns(request, 'CREATE', 'pods') ? request.object : undefined;

/** The pod that is being created or updated as a whole. */
export const writtenPod = (request: AdmissionRequest): KubernetesObject | undefined =>
  concerns(request, 'UPDATE', 'pods') ? request.object : createdPod(request);

/** The 403 that names the object, the plugin's reason behind. */
export function refusal({ kind, name }: AdmissionRequest, why: string): ApiError {
  return forbidden({ group: kind.group, resource: kind.resource, name }, why);
}
