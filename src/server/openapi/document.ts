import type { Kind } from '../../api/kind.ts';
import { definition, definitionNameOf, fullName } from '../../api/schema/definitions.ts';
import type { Schema } from '../../api/schema/schema.ts';
import { declaredEnums } from '../../api/validation/enums.ts';
import { readDescriptions, type Texts } from './descriptions.ts';
import { operationsOf, type References } from './operations.ts';

type Json = Record<string, any>;

/** OpenAPI 3.0 of one group and version; `path` is `apis/apps/v1`. */
export function documentV3(kinds: Kind[], path: string, version: string): Json {
  const schemas = createSchemas('#/components/schemas/', 3);
  for (const kind of kinds) schemas.add(kind);
  const paths: Json = {};
  for (const kind of kinds) Object.assign(paths, operationsOf(kind, `/${path}`, schemas.refsOf(kind), 3));
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths,
    components: { schemas: schemas.done() },
  };
}

/** OpenAPI 2.0 of everything. */
export function documentV2(kinds: Kind[], version: string): Json {
  const schemas = createSchemas('#/definitions/', 2);
  for (const kind of kinds) schemas.add(kind);
  const paths: Json = {};
  for (const kind of kinds) {
    const path = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
    Object.assign(paths, operationsOf(kind, path, schemas.refsOf(kind), 2));
  }
  return { swagger: '2.0', info: { title: 'Kubernetes', version }, paths, definitions: schemas.done() };
}

const described = (description: string | undefined): Json => (description === undefined ? {} : { description });

/** Of a list, the values are those of its items. */
function limited(schema: Json, values: readonly string[] | undefined): Json {
  if (values === undefined) return schema;
  return schema['type'] === 'array'
    ? { ...schema, items: limited(schema['items'], values) }
    : { ...schema, enum: values };
}

/** What may stand for a text: a whole number, or of quantities any. */
function alternativeOf(schema: Schema): 'integer' | 'number' | undefined {
  if (schema['x-kubernetes-int-or-string']) return 'integer';
  return schema.definition === quantityName ? 'number' : undefined;
}

const optionsName = 'io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions';
const quantityName = 'io.k8s.apimachinery.pkg.api.resource.Quantity';

/** Turns the graph of schemas into named definitions that refer to one another. */
function createSchemas(prefix: string, openapi: 2 | 3) {
  const done: Json = {};
  const names = new Map<Kind, string>();
  const descriptions = readDescriptions();
  const enums = new Map([...declaredEnums()].map(([field, values]) => [fullName(field), values]));

  function refer(schema: Schema): Json {
    const { definition } = schema;
    if (definition === undefined) return write(schema);
    if (!Object.hasOwn(done, definition)) {
      done[definition] = {};
      done[definition] = write(schema);
    }
    return { $ref: `${prefix}${definition}` };
  }

  /** `texts` describe the fields, unless the schema does it itself. */
  function write(schema: Schema, texts: Texts = schema.definition ? descriptions.of(schema.definition) : {}): Json {
    const { definition: _, byValue: __, properties, items, additionalProperties, nullable, ...rest } = schema;
    const result: Json = { ...described(texts['$']), ...rest };
    // 2.0 has no alternatives: there both are texts, which every client knows to be numbers as well.
    const alternative = openapi === 3 ? alternativeOf(schema) : undefined;
    if (alternative !== undefined) {
      delete result['type'];
      result['oneOf'] = [{ type: alternative }, { type: 'string' }];
    }
    if (nullable) result['nullable'] = true;
    if (properties !== undefined)
      result['properties'] = Object.fromEntries(
        Object.entries(properties).map(([name, field]) => [
          name,
          limited(property(field, texts[name]), enums.get(`${schema.definition}.${name}`)),
        ]),
      );
    if (items !== undefined) result['items'] = refer(items);
    if (typeof additionalProperties === 'object') result['additionalProperties'] = refer(additionalProperties);
    return result;
  }

  /** What is said of a reference (its text, patch and list keys) stands beside it, which 3.0 allows around an allOf only. */
  function property(schema: Schema, text: string | undefined): Json {
    const { definition, ...rest } = schema;
    if (definition === undefined) return { ...described(text), ...write(schema) };
    const marks = Object.entries(rest).filter(
      ([name]) => name.startsWith('x-kubernetes-') && name !== 'x-kubernetes-int-or-string',
    );
    const beside = { ...described(text), ...Object.fromEntries(marks) };
    const reference = refer(schema);
    return openapi === 2 || Object.keys(beside).length === 0
      ? { ...beside, ...reference }
      : { ...beside, allOf: [reference] };
  }

  return {
    add(kind: Kind) {
      const name =
        kind.schema.definition ?? `${[...kind.group.split('.')].reverse().join('.')}.${kind.version}.${kind.kind}`;
      names.set(kind, name);
      const schema = write(kind.schema, descriptions.of(kind.schema.definition));
      schema['x-kubernetes-group-version-kind'] = [{ group: kind.group, version: kind.version, kind: kind.kind }];
      done[name] = schema;
    },
    /** Of what the operations of a kind send and answer. Lists of custom resources have no definition of their own. */
    refsOf(kind: Kind): References {
      const object = { $ref: `${prefix}${names.get(kind)}` };
      const list = definitionNameOf(kind.group, kind.version, `${kind.kind}List`);
      return {
        object,
        list: list === undefined ? object : refer(definition(list)),
        options: refer(definition(optionsName)),
      };
    },
    done: () => done,
  };
}
