import type { Schema } from './schema.ts';

/** What fitting asks of a schema, found once and linked as schemas are: forms are all alike, and so read fast. */
export type Form = {
  schema: Schema;
  type: Schema['type'];
  /** Every text fits, as it is. */
  isText: boolean;
  /** Of an object with known fields: those that were met. */
  fields: Map<string, Field> | undefined;
  /** Of what is in a list or a map. */
  items: Form | undefined;
};
export type Field = {
  form: Form;
  /** What says no more than that the field is absent. */
  nothing: 'zero' | 'empty' | undefined;
};

const forms = new WeakMap<Schema, Form>();

export function formOf(schema: Schema): Form {
  let form = forms.get(schema);
  if (form !== undefined) return form;
  const { type, properties, items = {}, additionalProperties: others } = schema;
  const isText = type === 'string' && schema.format === undefined && schema.definition === undefined;
  form = { schema, type, isText, fields: properties && new Map(), items: undefined };
  // Known before it is complete: a schema may contain itself.
  forms.set(schema, form);
  if (type === 'array') form.items = formOf(items);
  else if (typeof others === 'object') form.items = formOf(others);
  return form;
}

/** Undefined when the object has no such field; what it may be called is the client's to say, and is not kept. */
export function fieldOf({ schema, fields }: Form, name: string): Field | undefined {
  const known = fields!.get(name);
  if (known !== undefined) return known;
  const { properties = {} } = schema;
  if (!Object.hasOwn(properties, name)) return undefined;
  const field = { form: formOf(properties[name]!), nothing: nothingOf(schema, name, properties[name]!) };
  fields!.set(name, field);
  return field;
}

/** Lists that upstream's types write even when they are empty, although nobody has to give them. */
const alwaysWritten = new Set([
  'io.k8s.api.core.v1.ProjectedVolumeSource.sources',
  'io.k8s.api.discovery.v1.EndpointSlice.endpoints',
  'io.k8s.api.discovery.v1.EndpointSlice.ports',
  'io.k8s.api.rbac.v1.ClusterRole.rules',
  'io.k8s.api.rbac.v1.Role.rules',
]);

/**
 * As a round through Go's types: what is optional and empty is gone, so that a client written in Go that sends back what
 * it read changes nothing. Of custom resources everything is kept.
 */
function nothingOf({ definition, required }: Schema, name: string, property: Schema): Field['nothing'] {
  if (definition === undefined) return undefined;
  if (property.byValue) return 'zero';
  const isCollection = property.type === 'array' || typeof property.additionalProperties === 'object';
  if (!isCollection || required?.includes(name) || alwaysWritten.has(`${definition}.${name}`)) return undefined;
  return 'empty';
}
