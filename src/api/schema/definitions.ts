import facts from './facts.json' with { type: 'json' };
import type { Schema } from './schema.ts';

/**
 * The definitions of the built-in API, expanded on demand from the generated facts. Each is made once and shared, so
 * that the schemas of all kinds are one graph, which may have cycles (JSONSchemaProps): never change one.
 */
type Fields = Record<string, string>;

/** Where the packages live that the facts name in short; every other is under `io.k8s.api`. */
const homes: Record<string, string> = {
  meta: 'io.k8s.apimachinery.pkg.apis.',
  resource: 'io.k8s.apimachinery.pkg.api.',
  intstr: 'io.k8s.apimachinery.pkg.util.',
  runtime: 'io.k8s.apimachinery.pkg.',
  version: 'io.k8s.apimachinery.pkg.',
  apiextensions: 'io.k8s.apiextensions-apiserver.pkg.apis.',
  apiregistration: 'io.k8s.kube-aggregator.pkg.apis.',
};

/** `io.k8s.api.core.v1.Pod` of `core.v1.Pod`, as the facts have it. */
export function fullName(short: string): string {
  const [place] = short.split('.', 1) as [string];
  // The group resource.k8s.io and the package of Quantity share their first word.
  if (place === 'resource' && short !== 'resource.Quantity') return `io.k8s.api.${short}`;
  return `${homes[place] ?? 'io.k8s.api.'}${short}`;
}

const factsByName = new Map<string, Fields>(
  Object.entries(facts as Record<string, Fields>).map(([short, fields]) => [fullName(short), fields]),
);
const expanded = new Map<string, Schema>();

/** Full names, such as `io.k8s.api.core.v1.Pod`, in the order of the facts. */
export const definitionNames = (): string[] => [...factsByName.keys()];

export const hasDefinition = (name: string): boolean => factsByName.has(name);

/** The definition of a full name. Throws when there is none: names are constants of our own. */
export function definition(name: string): Schema {
  const known = expanded.get(name);
  if (known) return known;
  const fields = factsByName.get(name);
  if (!fields) throw new Error(`no definition is named ${name}`);
  const schema: Schema = { definition: name };
  expanded.set(name, schema);
  fill(schema, fields);
  return schema;
}

/** Group, version and kind of a definition that has them: `apps/v1/Deployment`, `/v1/Pod`. */
export function kindOfDefinition(name: string): { group: string; version: string; kind: string } | undefined {
  const match = /kind\(([^/]*)\/([^/]*)\/([^)]*)\)/.exec(factsByName.get(name)?.$ ?? '');
  return match ? { group: match[1]!, version: match[2]!, kind: match[3]! } : undefined;
}

/** The name of the definition that has this group, version and kind. */
export const definitionNameOf = (group: string, version: string, kind: string): string | undefined =>
  namesByKind().get(`${group}/${version}/${kind}`);

let kindIndex: Map<string, string> | undefined;
function namesByKind(): Map<string, string> {
  if (kindIndex) return kindIndex;
  kindIndex = new Map();
  for (const [name, fields] of factsByName) {
    const kind = /kind\(([^)]*)\)/.exec(fields.$ ?? '')?.[1];
    if (kind) kindIndex.set(kind, name);
  }
  return kindIndex;
}

/** Fills in place: what refers back to a definition that is still being expanded shares the same object. */
function fill(schema: Schema, { $: head = '', ...fields }: Fields): void {
  const names = Object.keys(fields);
  if (names.length === 0) {
    Object.assign(schema, plainType(head));
    return;
  }
  schema.type = 'object';
  if (head.split(' ').includes('atomic')) schema['x-kubernetes-map-type'] = 'atomic';
  // Without a prototype, so that a hostile field such as `constructor` is as unknown as any other.
  const properties: Record<string, Schema> = Object.create(null);
  schema.properties = properties;
  const required: string[] = [];
  for (const name of names) {
    const [type, ...marks] = fields[name]!.split(' ') as [string, ...string[]];
    if (marks[0] === '!') {
      required.push(name);
      marks.shift();
    }
    const base = schemaOf(type);
    properties[name] = marks.length === 0 ? base : { ...base, ...marked(base, marks) };
  }
  if (required.length > 0) schema.required = required;
}

function schemaOf(type: string): Schema {
  if (type.startsWith('[]')) return { type: 'array', items: schemaOf(type.slice(2)) };
  if (type.startsWith('{}')) return { type: 'object', additionalProperties: schemaOf(type.slice(2)) };
  if (type.includes('.')) return definition(fullName(type));
  return plainType(type);
}

/** Plain types are shared too: a graph of 2,400 fields has only a dozen of them. */
const plainTypes: Record<string, Schema> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  integer: { type: 'integer' },
  double: { type: 'number', format: 'double' },
  'date-time': { type: 'string', format: 'date-time' },
  'int-or-string': { type: 'string', format: 'int-or-string', 'x-kubernetes-int-or-string': true },
  bytes: { type: 'string', format: 'byte' },
  object: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  any: { 'x-kubernetes-preserve-unknown-fields': true },
};

function plainType(type: string): Schema {
  const plain = plainTypes[type];
  if (!plain) throw new Error(`facts.json has an unknown type ${type}`);
  return plain;
}

function marked(base: Schema, marks: string[]): Schema {
  const result: Schema = {};
  for (const mark of marks) {
    const [, word, inside = ''] = /^(\w+)(?:\((.*)\))?$/.exec(mark) ?? [];
    if (word === 'map') {
      result['x-kubernetes-list-type'] = 'map';
      result['x-kubernetes-list-map-keys'] = inside.split(',');
    } else if (word === 'set') result['x-kubernetes-list-type'] = 'set';
    // Bytes count as a list upstream.
    else if (word === 'atomic' && base.type !== 'object') result['x-kubernetes-list-type'] = 'atomic';
    else if (word === 'atomic' || word === 'granular') result['x-kubernetes-map-type'] = word;
    // What a key of a list that merges is when it is not said.
    else if (word === 'default') result.default = inside;
    else if (word === 'value') result.byValue = true;
    else if (word === 'patch') Object.assign(result, patchOf(inside.split(',')));
    else throw new Error(`facts.json has an unknown mark ${mark}`);
  }
  return result;
}

/** `merge,retainKeys,name`: strategies, then the key when elements are merged by one. */
function patchOf(words: string[]): Schema {
  const strategies = words.filter((word) => ['merge', 'replace', 'retainKeys'].includes(word));
  const key = words.find((word) => !strategies.includes(word));
  const strategy = strategies.length > 0 ? { 'x-kubernetes-patch-strategy': strategies.join(',') } : {};
  return key ? { ...strategy, 'x-kubernetes-patch-merge-key': key } : strategy;
}
