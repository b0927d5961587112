import type { Kind } from '../../api/kind.ts';
import { subresourcesOf } from '../discovery/resources.ts';

type Json = Record<string, any>;

const patchTypes = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** `$ref`s: of the object, of a list of them, and of what a DELETE may say. */
export type References = Record<'object' | 'list' | 'options', Json>;

/** The paths of one kind, with what clients look for: kinds, actions and the parameters of writes. */
export function operationsOf(kind: Kind, base: string, refs: References, openapi: 2 | 3): Json {
  const collection = kind.namespaced ? `${base}/namespaces/{namespace}/${kind.resource}` : `${base}/${kind.resource}`;
  const object = `${collection}/{name}`;
  const has = (verb: string) => kind.verbs.includes(verb as never);
  const operation = (action: string, parameters: string[], body = false) =>
    describe(kind, action, parameters, body ? bodyOf(action, refs) : undefined, refs, openapi);
  const inPath = [...(kind.namespaced ? ['namespace'] : [])];
  const paths: Json = {};
  const onCollection: Json = {
    ...(has('list') ? { get: operation('list', [...inPath, ...listParameters]) } : {}),
    ...(has('create') ? { post: operation('post', [...inPath, ...writeParameters], true) } : {}),
    ...(has('deletecollection')
      ? { delete: operation('deletecollection', [...inPath, ...listParameters, ...deleteParameters], true) }
      : {}),
  };
  if (Object.keys(onCollection).length > 0) paths[collection] = onCollection;
  if (kind.namespaced && has('list'))
    paths[`${base}/${kind.resource}`] = {
      get: { ...operation('list', listParameters), operationId: `list${kind.kind}ForAllNamespaces` },
    };
  const onObject: Json = {
    ...(has('get') ? { get: operation('get', [...inPath, 'name']) } : {}),
    ...(has('update') ? { put: operation('put', [...inPath, 'name', ...writeParameters], true) } : {}),
    ...(has('patch') ? { patch: operation('patch', [...inPath, 'name', ...writeParameters, 'force'], true) } : {}),
    ...(has('delete') ? { delete: operation('delete', [...inPath, 'name', ...deleteParameters], true) } : {}),
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

function bodyOf(action: string, refs: References): Json {
  if (action === 'delete' || action === 'deletecollection') return refs.options;
  return action === 'patch' ? { type: 'object' } : refs.object;
}

const deleteParameters = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy'];
const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'];
const listParameters = [
  ...['allowWatchBookmarks', 'continue', 'fieldSelector', 'labelSelector', 'limit', 'resourceVersion'],
  ...['resourceVersionMatch', 'sendInitialEvents', 'timeoutSeconds', 'watch'],
];
const types: Record<string, string> = {
  ...{ allowWatchBookmarks: 'boolean', limit: 'integer', sendInitialEvents: 'boolean', timeoutSeconds: 'integer' },
  ...{ watch: 'boolean', force: 'boolean', gracePeriodSeconds: 'integer', orphanDependents: 'boolean' },
};

function describe(
  kind: Kind,
  action: string,
  names: string[],
  body: Json | undefined,
  refs: References,
  openapi: 2 | 3,
): Json {
  const isOptional = body === refs.options;
  const parameters = names.map((name) => parameter(name, openapi));
  const result: Json = {
    tags: [kind.group === '' ? `core_${kind.version}` : `${kind.group}_${kind.version}`],
    operationId: `${action}${kind.namespaced ? 'Namespaced' : ''}${kind.kind}`,
    responses: response(action === 'list' ? refs.list : refs.object, openapi),
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: kind.group, version: kind.version, kind: kind.kind },
  };
  if (openapi === 2) {
    result['consumes'] = action === 'patch' ? patchTypes : ['application/json', 'application/yaml'];
    result['produces'] = ['application/json', 'application/yaml'];
    if (body !== undefined)
      parameters.push({ name: 'body', in: 'body', ...(isOptional ? {} : { required: true }), schema: body });
  } else if (body !== undefined) {
    const accepted = action === 'patch' ? patchTypes : ['application/json', 'application/yaml'];
    const content = Object.fromEntries(accepted.map((type) => [type, { schema: body }]));
    result['requestBody'] = isOptional ? { content } : { content, required: true };
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

const response = (schema: Json, openapi: 2 | 3): Json => ({
  200:
    openapi === 2 ? { description: 'OK', schema } : { description: 'OK', content: { 'application/json': { schema } } },
});
