import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kinds } from '../api.ts';
import { apiVersionOf, type Kind } from '../kind.ts';
import type { Schema } from '../schema/schema.ts';
import { example } from '../testing/examples.ts';

/** Every list of a kind, by the keys that lead to it through first items; a schema that contains itself once. */
function listsIn(schema: Schema, path: string[] = [], inside: Schema[] = []): string[][] {
  if (inside.includes(schema)) return [];
  const within = [...inside, schema];
  if (schema.type === 'array') return [path, ...listsIn(schema.items ?? {}, [...path, '0'], within)];
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) =>
    key === 'status' || key === 'managedFields' ? [] : listsIn(property, [...path, key], within),
  );
}

/** The example of the kind, with `list` at the end of the path. */
function withList(kind: Kind, path: string[], list: unknown[]): any {
  const object: any = example(apiVersionOf(kind), kind.kind, kind.namespaced);
  let at = object;
  path.slice(0, -1).forEach((key, index) => {
    at[key] ??= path[index + 1] === '0' ? [] : {};
    at = at[key];
  });
  at[path.at(-1)!] = list;
  return object;
}

const count = 3000;

test('of a mistake that is made often, a hundred are looked for, in every list of every kind', () => {
  let judged = 0;
  for (const kind of kinds.filter(({ verbs }) => verbs.includes('create')))
    for (const path of listsIn(kind.schema)) {
      if (path.includes('template') && kind.kind !== 'Deployment') continue;
      let reads = 0;
      const item = new Proxy(
        {},
        {
          get: (_, key) => {
            if (typeof key === 'string' && key !== 'toJSON') reads++;
            return undefined;
          },
        },
      );
      let errors: unknown[];
      try {
        errors = kind.validate(withList(kind, path, Array(count).fill(item)));
      } catch {
        // A list of texts, not of objects.
        continue;
      }
      const where = `${apiVersionOf(kind)} ${kind.kind} ${path.join('.')}`;
      assert.ok(errors.length <= 100, where);
      if (errors.length < 100) continue;
      judged++;
      // What is right about every item, and what is twice among them, may be looked for.
      assert.ok(reads < 4 * count, `${where}: ${reads} fields of ${count} items were looked at`);
    }
  assert.ok(judged > 100, `${judged} lists of mistakes`);
});
