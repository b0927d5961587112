import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../api.ts';
import { apiVersionOf, type Kind } from '../kind.ts';
import { definition, definitionNames, fullName } from '../schema/definitions.ts';
import type { Schema } from '../schema/schema.ts';
import type { FieldError } from '../status.ts';
import { example } from '../testing/examples.ts';
import { declaredEnums } from './enums.ts';

const declared = [...declaredEnums()];
const stored = kinds.filter(({ verbs }) => verbs.includes('update'));
const partsOf = (field: string) => /^(.+\.v\d+\w*\.\w+)\.(.+)$/.exec(field)!.slice(1) as [string, string];

test('what has values is a field of text, or a list of texts', () => {
  const known = new Set(definitionNames());
  for (const [field] of declared) {
    const [owner, name] = partsOf(field);
    assert.ok(known.has(fullName(owner)), field);
    const schema = definition(fullName(owner)).properties![name];
    assert.equal(schema?.items?.type ?? schema?.type, 'string', field);
  }
});

type Path = (string | 0)[];

/** The ways from a kind to a field of a definition; every definition once on each. */
function waysTo(schema: Schema, owner: string, name: string, seen: string[] = []): Path[] {
  if (schema.items) return waysTo(schema.items, owner, name, seen).map((path) => [0, ...path]);
  const { definition: here = '', properties = {} } = schema;
  if (here === owner) return [properties[name]!.type === 'array' ? [name, 0] : [name]];
  if (here !== '' && seen.includes(here)) return [];
  return Object.entries(properties)
    .filter(([key]) => key !== 'status' && key !== 'metadata')
    .flatMap(([key, inner]) => waysTo(inner, owner, name, [...seen, here]).map((path) => [key, ...path]));
}

/** What is said of the value at the end of a path in an otherwise ordinary object. */
function judged(kind: Kind, path: Path, value: string): FieldError[] {
  const object = example(apiVersionOf(kind), kind.kind, kind.namespaced);
  let place: any = object;
  path.slice(0, -1).forEach((step, index) => {
    place[step] ??= typeof path[index + 1] === 'number' ? [] : {};
    place = place[step];
  });
  place[path.at(-1)!] = value;
  return kind.validate(object).filter(({ message }) => message.includes(JSON.stringify(value)));
}

test('the validation refuses every other value of a field that has values, and none of these', () => {
  for (const [field, values] of declared) {
    const [owner, name] = partsOf(field);
    const found = stored
      .values()
      .flatMap((kind) => waysTo(kind.schema, fullName(owner), name).map((path) => ({ kind, path })))
      .find(({ kind, path }) => judged(kind, path, 'Nonsense').length > 0);
    assert.ok(found, `nothing refuses another value of ${field}`);
    for (const value of values) {
      const refused: FieldError[] = judged(found.kind, found.path, value).filter(({ message }) =>
        /^Unsupported/.test(message),
      );
      assert.deepEqual(refused, [], field);
    }
  }
});
