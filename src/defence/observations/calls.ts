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

/** Of more names or paths than are kept one by one. */
export const isOfMany = ({ name, path }: Call): boolean => name === '*' || path === '*';

/** Of more paths than are kept one by one: which they were is not known, and so not which right they need. */
export const isOfManyPaths = ({ resource, path }: Call): boolean => resource === '' && path === '*';

/** `jane may list secrets in shop`, without the object’s name: calls that differ in nothing else are told as one. */
export function callText({ user, verb, resource, subresource, group, namespace, path }: Call): string {
  if (resource === '') return `${user}: ${verb} ${path}`;
  const what = `${resource}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource}`}`;
  return `${user}: ${verb} ${what}${namespace === '' ? '' : ` in ${namespace}`}`;
}
