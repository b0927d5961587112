import type { Kind } from '../../api/kind.ts';
import { subresourcesOf } from '../discovery/resources.ts';

type Json = Record<string, any>;

const patchTypes = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** The paths of one kind, with what clients look for: kinds, actions and the parameters of writes. */
export function operationsOf(kind: Kind, base: string, ref: string, openapi: 2 | 3): Json {
  const collection = kind.namespaced ? `${base}/namespaces/{namespace}/${kind.resource}` : `${base}/${kind.resource}`;
  const object = `${collection}/{name}`;
  const has = (verb: string) => kind.verbs.includes(verb as never);
  const operation = (action: string, parameters: string[], body = false) =>
    describe(kind, action, parameters, body ? ref : undefined, ref, openapi);
  const inPath = [...(kind.namespaced ? ['namespace'] : [])];
  const paths: Json = {};
  const onCollection: Json = {
    ...(has('list') ? { get: operation('list', [...inPath, ...listParameters]) } : {}),
    ...(has('create') ? { post: operation('post', [...inPath, ...writeParameters], true) } : {}),
    ...(has('deletecollection') ? { delete: operation('deletecollection', [...inPath, ...listParameters]) } : {}),
  };
  if (Object.keys(onCollection).length > 0) paths[collection] = onCollection;
  const onObject: Json = {
    ...(has('get') ? { get: operation('get', [...inPath, 'name']) } : {}),
    ...(has('update') ? { put: operation('put', [...inPath, 'name', ...writeParameters], true) } : {}),
    ...(has('patch') ? { patch: operation('patch', [...inPath, 'name', ...writeParameters, 'force'], true) } : {}),
    ...(has('delete') ? { delete: operation('delete', [...inPath, 'name', 'dryRun']) } : {}),
  };
  if (Object.keys(onObject).length > 0) paths[object] = onObject;
  for (const { name, verbs } of subresourcesOf(kind)) {
    const methods: Json = {};
    if (verbs.includes('get')) methods['get'] = operation('get', [...inPath, 'name']);
    if (verbs.includes('create')) methods['post'] = operation('post', [...inPath, 'name', ...writeParameters]);
    if (verbs.includes('update')) methods['put'] = operation('put', [...inPath, 'name', ...writeParameters], true);
    if (verbs.includes('patch'))
      methods['patch'] = operation('patch', [...inPath, 'name', ...writeParameters, 'force'], true);
    paths[`${object}/${name}`] = methods;
  }
  return paths;
}

const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'];
const listParameters = [
  ...['allowWatchBookmarks', 'continue', 'fieldSelector', 'labelSelector', 'limit', 'resourceVersion'],
  ...['resourceVersionMatch', 'sendInitialEvents', 'timeoutSeconds', 'watch'],
];
const types: Record<string, string> = {
  ...{ allowWatchBookmarks: 'boolean', limit: 'integer', sendInitialEvents: 'boolean', timeoutSeconds: 'integer' },
  ...{ watch: 'boolean', force: 'boolean' },
};

function describe(
  kind: Kind,
  action: string,
  names: string[],
  body: string | undefined,
  ref: string,
  openapi: 2 | 3,
): Json {
  const parameters = names.map((name) => parameter(name, openapi));
  const result: Json = {
    tags: [kind.group === '' ? `core_${kind.version}` : `${kind.group}_${kind.version}`],
    operationId: `${action}${kind.namespaced ? 'Namespaced' : ''}${kind.kind}`,
    responses: response(ref, openapi),
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: kind.group, version: kind.version, kind: kind.kind },
  };
  if (openapi === 2) {
    result['consumes'] = action === 'patch' ? patchTypes : ['application/json', 'application/yaml'];
    result['produces'] = ['application/json', 'application/yaml'];
    if (body !== undefined) parameters.push({ name: 'body', in: 'body', required: true, schema: { $ref: body } });
  } else if (body !== undefined) {
    const accepted = action === 'patch' ? patchTypes : ['application/json', 'application/yaml'];
    const schema = action === 'patch' ? { type: 'object' } : { $ref: body };
    result['requestBody'] = { content: Object.fromEntries(accepted.map((type) => [type, { schema }])), required: true };
  }
  return { ...result, parameters };
}

function parameter(name: string, openapi: 2 | 3): Json {
  const type = types[name] ?? 'string';
  const inPath = name === 'name' || name === 'namespace';
  const where = inPath ? { in: 'path', required: true } : { in: 'query' };
  return openapi === 2
    ? { name, ...where, type, uniqueItems: true }
    : { name, ...where, schema: { type, uniqueItems: true } };
}

const response = (ref: string, openapi: 2 | 3): Json => ({
  200:
    openapi === 2
      ? { description: 'OK', schema: { $ref: ref } }
      : { description: 'OK', content: { 'application/json': { schema: { $ref: ref } } } },
});
