import { ApiError } from '../../api/status.ts';
import type { Attributes } from '../../api/user.ts';

/** The 403 that Kubernetes gives, word for word up to the reason, which clients and people search for. */
export function denial(attributes: Attributes, reason: string): ApiError {
  const { user, resource, group, name, nonResourcePath } = attributes;
  const because = reason === '' ? '' : `: ${reason}`;
  const asked = describeRequest(attributes);
  if (nonResourcePath !== undefined)
    return new ApiError('Forbidden', `forbidden: User "${user.username}" ${asked}${because}`, {});
  const qualified = group === '' ? resource : `${resource}.${group}`;
  const subject = name === '' ? `${qualified} is forbidden` : `${qualified} "${name}" is forbidden`;
  const details = { name: name || undefined, group: group || undefined, kind: resource };
  return new ApiError('Forbidden', `${subject}: User "${user.username}" ${asked}${because}`, details);
}

function describeRequest({ verb, resource, subresource, group, namespace, nonResourcePath }: Attributes): string {
  if (nonResourcePath !== undefined) return `cannot ${verb} path "${nonResourcePath}"`;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  return `cannot ${verb} resource "${what}" in API group "${group}" ${scope}`;
}
