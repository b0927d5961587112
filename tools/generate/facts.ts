import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClassField, classNames, readClass } from './client-node.ts';
import { nameClasses } from './names.ts';
import { readSpecification } from './specification.ts';

/**
 * Derives src/api/schema/facts.json: what every stable definition of the Kubernetes API looks like, as facts without
 * prose. `@kubernetes/client-node` says which definitions and fields exist in 1.36, their types and which are
 * required; the OpenAPI of 1.27 says what client-node does not keep (quantities, list and merge keys, group and kind);
 * overlay.json, written by hand, says the rest, and values.json which optional fields upstream's Go types hold by value
 * and not by pointer: for those zero, false and the empty text are the same as nothing.
 *
 * A definition is a table of its fields: `"containers": "[]core.v1.Container ! map(name) merge(name)"`: the type, then
 * `!` when required, the list or map type, the patch strategy with its merge key, `value`. `$` holds what the definition
 * is.
 */
type Fields = Record<string, string>;
type Overlay = {
  /** Names of classes that neither 1.27 nor their users tell. */
  names: Record<string, string>;
  /** What to change of derived fields: the type and, when given, the marks that replace the derived ones. */
  fields: Record<string, Fields>;
  /** Definitions that no client class has. */
  definitions: Record<string, Fields>;
};

const here = import.meta.dirname;
const overlay: Overlay = JSON.parse(readFileSync(join(here, 'overlay.json'), 'utf8'));
/**
 * Names of fields, separated by spaces, of each definition: those with `omitempty` and no pointer in the types.go files
 * of k8s.io/api, apimachinery, apiextensions-apiserver and kube-aggregator. A new version of Kubernetes is compared with
 * those by hand; most of what only a status has is left out.
 */
const values: Record<string, string> = JSON.parse(readFileSync(join(here, 'values.json'), 'utf8'));
const older = readSpecification();
const names = nameClasses(classNames(), older.names, overlay.names);

function typeOf(type: string, format: string): string {
  const array = /^Array<(.*)>$/.exec(type);
  if (array) return `[]${typeOf(array[1]!, format)}`;
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type);
  if (map) return `{}${typeOf(map[1]!, format)}`;
  if (type === 'IntOrString') return 'intstr.IntOrString';
  if (type === 'V1MicroTime') return 'meta.v1.MicroTime';
  if (type === 'Date') return 'meta.v1.Time';
  if (type === 'number') return format;
  if (type === 'string' && format === 'byte') return 'bytes';
  if (type === 'string' || type === 'boolean' || type === 'any') return type;
  const name = names.get(type);
  if (name === undefined) throw new Error(`${type} has no definition name: add it to overlay.json under names`);
  return name;
}

/** Definitions that client-node flattens to a primitive: only the older specification knows them. */
const flattened =
  /(^|[\]}])(resource\.Quantity|runtime\.RawExtension|intstr\.IntOrString|meta\.v1\.FieldsV1|apiext.*)$/;

/**
 * Kubernetes 1.31 gave every list of its API a type (kubernetes/enhancements 555): what was merged by a key became a
 * map with that key, what was merged without became a set, every other became atomic. The exceptions are in overlay.json.
 */
function listMarks(shape: string, marks: string[]): string[] {
  if (shape === 'bytes' || shape === 'string') return [];
  if (!shape.startsWith('[]')) return marks.filter((mark) => mark === 'atomic' || mark === 'granular');
  if (marks.some((mark) => /^(map\(|set$|atomic$)/.test(mark))) return marks;
  const strategy = marks.find((mark) => mark.startsWith('patch('));
  if (strategy === undefined) return ['atomic'];
  const key = /(?:merge|retainKeys),(\w+)\)$/.exec(strategy)?.[1];
  return [key && key !== 'retainKeys' ? `map(${key})` : 'set', strategy];
}

function headOf(definition: string, fields: ClassField[]): string[] {
  const [group, version, kind] = definition.split('.') as [string, string, string];
  const isKind = ['apiVersion', 'kind', 'metadata'].every((name) => fields.some((field) => field.name === name));
  const derived = isKind ? [`kind(${older.groups.get(group)}/${version}/${kind})`] : [];
  return [...derived, ...(older.definitions[definition]?.head ?? [])];
}

function fieldsOf(className: string, definition: string): Fields {
  const known = older.definitions[definition]?.fields ?? {};
  const attributes = readClass(className);
  const changes = overlay.fields[definition] ?? {};
  const fields: Fields = {};
  const head = new Set([...headOf(definition, attributes), ...(changes.$?.split(' ') ?? [])]);
  if (head.size > 0) fields.$ = [...head].join(' ');
  const byValue = new Set(values[definition]?.split(' '));
  const isList = definition.endsWith('List') && attributes.some(({ name }) => name === 'items');
  for (const { name, type, format, required } of attributes) {
    const derived = typeOf(type, format);
    const before = known[name];
    const [change = '', ...changedMarks] = (changes[name] ?? '').split(' ');
    const shape = change || (before && flattened.test(before.type) ? before.type : derived);
    const marks = isList && name === 'items' ? [] : listMarks(shape, before?.marks ?? []);
    const value = byValue.has(name) ? ['value'] : [];
    fields[name] = [shape, ...(required ? ['!'] : []), ...(changedMarks.length > 0 ? changedMarks : marks), ...value]
      .filter((mark) => mark !== 'none')
      .join(' ');
  }
  return fields;
}

function deriveDefinitions(): Record<string, Fields> {
  const definitions: Record<string, Fields> = { ...overlay.definitions };
  // client-node keeps classes of definitions that are gone: overlay.json names them with nothing.
  for (const [className, definition] of names)
    if (definition !== '') definitions[definition] = fieldsOf(className, definition);
  for (const [name, known] of Object.entries(older.definitions))
    if (known.leaf && !(name in definitions)) definitions[name] = { $: known.leaf };
  return Object.fromEntries(Object.entries(definitions).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Throws when a field has a type that is not defined, or the overlay speaks of a field that is gone. */
function check(definitions: Record<string, Fields>): void {
  for (const [name, fields] of Object.entries(definitions))
    for (const [field, fact] of Object.entries(fields)) {
      const type = fact.split(' ')[0]!.replace(/^(\[\]|\{\})+/, '');
      if (field !== '$' && type.includes('.') && !(type in definitions))
        throw new Error(`${name}.${field}: no ${type}`);
    }
  for (const [name, fields] of Object.entries(overlay.fields))
    for (const field of Object.keys(fields))
      if (definitions[name]?.[field] === undefined) throw new Error(`overlay.json names ${name}.${field}: it is gone`);
  for (const [name, fields] of Object.entries(values))
    for (const field of fields.split(' '))
      if (definitions[name]?.[field] === undefined) throw new Error(`values.json names ${name}.${field}: it is gone`);
}

/** The text of facts.json: one fact per line, so that a new Kubernetes version is a diff that can be read. */
export function deriveFacts(): string {
  const definitions = deriveDefinitions();
  check(definitions);
  const blocks = Object.entries(definitions).map(([name, fields]) => {
    const facts = Object.entries(fields).map(([field, fact]) => `  ${JSON.stringify(field)}: ${JSON.stringify(fact)}`);
    return `${JSON.stringify(name)}: {\n${facts.join(',\n')}\n}`;
  });
  return `{\n${blocks.join(',\n')}\n}\n`;
}
