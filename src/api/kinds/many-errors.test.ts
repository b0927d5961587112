import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindOf, kinds } from '../api.ts';
import { apiVersionOf, type Kind } from '../kind.ts';
import type { Schema } from '../schema/schema.ts';
import { example } from '../testing/examples.ts';
import { create } from '../testing/refusals.ts';

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

test('a mistake made a hundred thousand times is answered with a hundred errors, and soon', () => {
  const kind = kindOf('v1', 'Pod')!;
  const pod = create('v1 Pod', ({ spec }) => {
    spec.containers[0].env = Array.from({ length: 100_000 }, () => ({ name: '' }));
    spec.tolerations = Array.from({ length: 20_000 }, (_, index) => ({ key: `a${index}`, operator: 'Exists' }));
  });
  assert.equal(kind.validate(pod, structuredClone(pod)).length, 100);
});

test('what is compared with every other item of a long list is compared once', () => {
  const names = (prefix: string) => Array.from({ length: 100_000 }, (_, index) => `${prefix}${index}`);
  const counts = (of: string, change: (object: any) => void) => {
    const [apiVersion, name] = of.split(' ') as [string, string];
    return kindOf(apiVersion, name)!.validate(create(of, change)).length;
  };
  assert.equal(
    counts(`rbac.authorization.k8s.io/v1 RoleBinding`, (binding) => (binding.subjects = names('').map(() => ({})))),
    100,
  );
  assert.equal(
    counts('v1 Service', ({ spec }) => (spec.ipFamilies = names('IPv'))),
    100,
  );
  assert.equal(
    counts('admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration', ({ webhooks }) => {
      webhooks[0].rules[0].resources = names('r').map((name) => `${name}/*`);
    }),
    0,
  );
  const items = names('p').map((path) => ({ key: 'a', path }));
  assert.equal(
    counts('v1 Pod', ({ spec }) => {
      spec.volumes = [{ name: 'a', projected: { sources: [{ secret: { name: 's', items } }] } }];
      const spread = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {} };
      const keys = { matchLabelKeys: names('a'), mismatchLabelKeys: names('b') };
      spec.topologySpreadConstraints = [{ ...spread, ...keys }];
    }),
    0,
  );
});
