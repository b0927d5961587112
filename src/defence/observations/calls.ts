import type { Call } from '../../api/observations/observation.ts';
import type { Attributes } from '../../api/user.ts';

/** A call as an authorizer is asked about it. The name of which too many were seen stands for any. */
export function attributesOf({
  user,
  groups,
  verb,
  group,
  resource,
  subresource,
  namespace,
  name,
  path,
}: Call): Attributes {
  return {
    ...{ user: { username: user, groups }, verb, group, version: '', resource, subresource, namespace },
    name: name === '*' ? '' : name,
    ...(resource === '' ? { nonResourcePath: path } : {}),
  };
}

/** `jane may list secrets in shop`, without the object’s name: calls that differ in nothing else are told as one. */
export function callText({ user, verb, resource, subresource, group, namespace, path }: Call): string {
  if (resource === '') return `${user}: ${verb} ${path}`;
  const what = `${resource}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource}`}`;
  return `${user}: ${verb} ${what}${namespace === '' ? '' : ` in ${namespace}`}`;
}
