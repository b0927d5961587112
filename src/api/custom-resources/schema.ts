import type { JSONSchemaProps } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { forbiddenValue, invalidValue, notSupported, required } from '../validation/errors.ts';
import { checkOptionalEnum } from '../validation/values.ts';

/** A schema of a custom resource as it is written: what stands in a place of any kind is not typed. */
type Props = JSONSchemaProps & { items?: unknown; additionalProperties?: unknown };

const types = enumOf(
  ['array', 'boolean', 'integer', 'number', 'object', 'string'],
  'apiextensions.v1.JSONSchemaProps.type',
);
const unsupported = ['additionalItems', 'patternProperties', 'definitions', 'dependencies', '$ref', 'id'] as const;
const junctors = ['allOf', 'anyOf', 'oneOf'] as const;

/** With a status of its own, the root may hold nothing that could judge status and spec together. */
const besideStatus = new Set([
  ...['description', 'type', 'format', 'title', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum'],
  ...['maxLength', 'minLength', 'pattern', 'maxItems', 'minItems', 'uniqueItems', 'multipleOf', 'required', 'items'],
  ...['properties', 'externalDocs', 'example', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-validations'],
]);

/**
 * Is the schema structural? Source: k8s.io/apiextensions-apiserver pkg/apiserver/schema/validation.go and
 * pkg/apis/apiextensions/validation/validation.go. Defaults and rules are not tried out.
 */
export function validateRootSchema(root: Props, hasStatus: boolean, field: string, errors: FieldError[]): void {
  if (root.nullable) errors.push(forbiddenValue(`${field}.nullable`, 'nullable cannot be true at the root'));
  for (const name of hasStatus ? Object.keys(root) : [])
    if (!besideStatus.has(name))
      errors.push(
        invalidValue(
          field,
          name,
          `only ${[...besideStatus].join(', ')} are allowed at the root if the status subresource is enabled`,
        ),
      );
  if (root.type && root.type !== 'object')
    errors.push(invalidValue(`${field}.type`, root.type, 'must be object at the root'));
  if (root.additionalProperties !== undefined)
    errors.push(forbiddenValue(`${field}.additionalProperties`, 'must not be used at the root'));
  validateResource(root, field, true, errors);
  validateSchema(root, 'at the root', field, errors);
}

/** Of a whole object, the root or an embedded one: its metadata is known, and can only be narrowed by name. */
function validateResource(schema: Props, field: string, isRoot: boolean, errors: FieldError[]): void {
  const { metadata, ...properties } = schema.properties ?? {};
  for (const name of ['kind', 'apiVersion'])
    if (properties[name] && properties[name].type !== 'string')
      errors.push(invalidValue(`${field}.properties[${name}].type`, properties[name].type ?? '', 'must be string'));
  if (!metadata) return;
  const at = `${field}.properties[metadata]`;
  if (metadata.type !== 'object') errors.push(invalidValue(`${at}.type`, metadata.type ?? '', 'must be object'));
  const isPlain = Object.keys(metadata).every((name) => ['type', 'description', 'properties'].includes(name));
  const isOfNames = Object.keys(metadata.properties ?? {}).every((name) => ['name', 'generateName'].includes(name));
  if (isRoot && !(isPlain && isOfNames))
    errors.push(
      forbiddenValue(
        at,
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    );
}

const mapTypes = enumOf(['atomic', 'granular'], 'apiextensions.v1.JSONSchemaProps.x-kubernetes-map-type');
const listTypes = enumOf(['atomic', 'map', 'set'], 'apiextensions.v1.JSONSchemaProps.x-kubernetes-list-type');

function validateSchema(schema: Props, place: string, field: string, errors: FieldError[]): void {
  validateSupported(schema, field, errors);
  validateType(schema, place, field, errors);
  validateLists(schema, field, errors);
  checkOptionalEnum(schema['x-kubernetes-map-type'], mapTypes, `${field}.x-kubernetes-map-type`, errors);
  if (schema['x-kubernetes-map-type'] && schema.type !== 'object')
    errors.push(
      invalidValue(`${field}.type`, schema.type ?? '', 'must be object if x-kubernetes-map-type is specified'),
    );
  schema['x-kubernetes-validations']?.forEach(({ rule }, index) => {
    if (!rule?.trim())
      errors.push(required(`${field}.x-kubernetes-validations[${index}].rule`, 'rule is not specified'));
  });
  validateJunctors(schema, schema, field, errors);
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    validateSchema(property, 'for specified object fields', `${field}.properties[${name}]`, errors);
  if (isSchema(schema.items)) validateSchema(schema.items, 'for specified array items', `${field}.items`, errors);
  if (isSchema(schema.additionalProperties))
    validateSchema(schema.additionalProperties, 'for specified object fields', `${field}.additionalProperties`, errors);
}

function validateSupported(schema: Props, field: string, errors: FieldError[]): void {
  for (const name of unsupported)
    if (schema[name] !== undefined) errors.push(forbiddenValue(`${field}.${name}`, `${name} is not supported`));
  if (schema.uniqueItems)
    errors.push(
      forbiddenValue(
        `${field}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    );
  if (Array.isArray(schema.items))
    errors.push(forbiddenValue(`${field}.items`, 'items must be a schema object and not an array'));
  const hasMore = schema.additionalProperties !== undefined && schema.additionalProperties !== true;
  if (hasMore && Object.keys(schema.properties ?? {}).length > 0)
    errors.push(
      forbiddenValue(`${field}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'),
    );
}

function validateType(schema: Props, place: string, field: string, errors: FieldError[]): void {
  const { type = '', properties = {} } = schema;
  const isEither = schema['x-kubernetes-int-or-string'];
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'];
  const isResource = schema['x-kubernetes-embedded-resource'];
  if (type === 'null')
    errors.push(forbiddenValue(`${field}.type`, 'type cannot be set to null, use nullable as an alternative'));
  else if (type !== '' && !types.includes(type)) errors.push(notSupported(`${field}.type`, type, types));
  if (type === '' && !isEither && !isOpen && !isResource)
    errors.push(required(`${field}.type`, `must not be empty ${place}`));
  if (type === 'array' && !isSchema(schema.items)) errors.push(required(`${field}.items`, 'must be specified'));
  if (isEither && isOpen)
    errors.push(
      invalidValue(
        `${field}.x-kubernetes-preserve-unknown-fields`,
        true,
        'must be false if x-kubernetes-int-or-string is true',
      ),
    );
  if (!isResource) return;
  if (type !== 'object')
    errors.push(invalidValue(`${field}.type`, type, 'must be object if x-kubernetes-embedded-resource is true'));
  if (!isOpen && Object.keys(properties).length === 0)
    errors.push(
      required(
        `${field}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    );
  validateResource(schema, field, false, errors);
}

/** What lists merge by: every item must say it. */
function validateLists(schema: Props, field: string, errors: FieldError[]): void {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  checkOptionalEnum(listType, listTypes, `${field}.x-kubernetes-list-type`, errors);
  if (listType !== undefined && schema.type !== 'array')
    errors.push(
      invalidValue(`${field}.type`, schema.type ?? '', 'must be array if x-kubernetes-list-type is specified'),
    );
  if (keys.length > 0 && listType !== 'map')
    errors.push(required(`${field}.x-kubernetes-list-type`, 'must be map if x-kubernetes-list-map-keys is non-empty'));
  if (listType !== 'map' || !isSchema(schema.items)) return;
  if (keys.length === 0)
    errors.push(required(`${field}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'));
  const { type, properties = {}, required: needed = [] } = schema.items;
  if (type !== 'object')
    errors.push(invalidValue(`${field}.items.type`, type ?? '', 'must be object if the list is a map'));
  for (const [index, key] of keys.entries()) {
    const property = own(properties, key);
    if (!property)
      errors.push(
        invalidValue(
          `${field}.x-kubernetes-list-map-keys[${index}]`,
          key,
          'entries must all be names of item properties',
        ),
      );
    else if (!needed.includes(key) && property.default === undefined)
      errors.push(
        required(
          `${field}.items.properties[${key}].default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      );
  }
}

const structuralOnly = ['type', 'default', 'title', 'description', 'nullable', 'additionalProperties'] as const;

/** Inside allOf, anyOf, oneOf and not nothing new is said: values are narrowed of fields that are described outside. */
function validateJunctors(schema: Props, outside: Props, field: string, errors: FieldError[]): void {
  const inner: [string, Props][] = junctors.flatMap((name) =>
    (schema[name] ?? []).map((each, index): [string, Props] => [`${field}.${name}[${index}]`, each]),
  );
  if (isSchema(schema.not)) inner.push([`${field}.not`, schema.not]);
  for (const [at, each] of inner) validateNarrowing(each, outside, at, errors);
}

function validateNarrowing(schema: Props, outside: Props, field: string, errors: FieldError[]): void {
  const isEither = outside['x-kubernetes-int-or-string'];
  for (const name of structuralOnly)
    if (schema[name] !== undefined && !(name === 'type' && isEither))
      errors.push(forbiddenValue(`${field}.${name}`, 'must be empty to be structural'));
  validateJunctors(schema, outside, field, errors);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const described = own(outside.properties ?? {}, name);
    if (described) validateNarrowing(property, described, `${field}.properties[${name}]`, errors);
    else errors.push(required(`${field}.properties[${name}]`, 'must be specified outside of value validation as well'));
  }
  if (isSchema(schema.items))
    validateNarrowing(schema.items, isSchema(outside.items) ? outside.items : {}, `${field}.items`, errors);
}

const isSchema = (value: unknown): value is Props =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Fields may be called `constructor`, which every object has. */
const own = (properties: Record<string, Props>, name: string): Props | undefined =>
  Object.hasOwn(properties, name) ? properties[name] : undefined;
