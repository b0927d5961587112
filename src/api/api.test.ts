import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { kindOf, kinds } from './api.ts';
import { apiVersionOf } from './kind.ts';
import { decodeFields } from './schema/decode.ts';
import { definitionNames, kindOfDefinition } from './schema/definitions.ts';
import { ageColumn, tableColumns } from './table.ts';
import { example } from './testing/examples.ts';

const stored = kinds.filter(({ verbs }) => verbs.includes('update'));
const nowMs = Date.parse('2026-01-02T00:00:00Z');

test('every file of kinds/ is listed in api.ts, with every kind it makes', () => {
  const api = readFileSync(join(import.meta.dirname, 'api.ts'), 'utf8');
  for (const file of globSync('kinds/*.ts', { cwd: import.meta.dirname })) {
    if (file.endsWith('.test.ts')) continue;
    const text = readFileSync(join(import.meta.dirname, file), 'utf8');
    const made = [...text.matchAll(/^export const (\w+) = (?:defineKind|question)\b/gm)].map((match) => match[1]!);
    assert.ok(made.length > 0, `${file} makes no kind`);
    for (const name of made) assert.match(api, new RegExp(`^  ${name},$`, 'm'), `${name} of ${file} is not listed`);
  }
});

test('every stable kind of the facts that has a list is served', () => {
  const lists = new Set<string>();
  for (const name of definitionNames()) {
    const { group, version, kind } = kindOfDefinition(name) ?? { group: '', version: '', kind: '' };
    if (kind.endsWith('List')) lists.add(`${group === '' ? version : `${group}/${version}`} ${kind.slice(0, -4)}`);
  }
  // Lists of what discovery answers with and of any kind's metadata, not of something stored.
  for (const none of ['v1 APIGroup', 'v1 APIResource', 'meta.k8s.io/v1 PartialObjectMetadata']) lists.delete(none);
  const served = new Set(kinds.map((kind) => `${apiVersionOf(kind)} ${kind.kind}`));
  assert.deepEqual(
    [...lists].filter((name) => !served.has(name)),
    [],
  );
});

test('no two kinds share a path, a name or a short name of one group', () => {
  const seen = new Set<string>();
  for (const kind of kinds)
    for (const key of [`${apiVersionOf(kind)} ${kind.resource}`, `${apiVersionOf(kind)} ${kind.kind}`]) {
      assert.ok(!seen.has(key), key);
      seen.add(key);
    }
  assert.equal(kindOf('apps/v1', 'Deployment')?.resource, 'deployments');
  assert.equal(kindOf('apps/v1', 'Pod'), undefined);
});

for (const kind of stored)
  test(`${apiVersionOf(kind)} ${kind.kind}: an example is decoded, defaulted once and for all, valid and shown`, () => {
    const object = example(apiVersionOf(kind), kind.kind, kind.namespaced);
    assert.deepEqual(decodeFields(kind.schema, object), { unknown: [], mismatch: undefined });
    object.metadata.uid = 'd9607e19-f88f-11e6-a518-42010a800195';
    kind.prepareCreate(object);
    kind.defaults(object);
    assert.deepEqual(kind.validate(object), []);
    const again = structuredClone(object);
    kind.defaults(again);
    assert.deepEqual(again, object, 'defaults are not idempotent');
    assert.deepEqual(decodeFields(kind.schema, structuredClone(object)), { unknown: [], mismatch: undefined });
    const updated = structuredClone(object);
    kind.prepareUpdate(updated, object);
    assert.deepEqual(kind.validate(updated, object), [], 'an update that changes nothing is refused');
    for (const column of tableColumns(kind)) assert.notEqual(column.value(object, nowMs), undefined, column.name);
    for (const [field, read] of Object.entries(kind.selectableFields))
      assert.equal(typeof read(object), 'string', field);
  });

for (const kind of stored.filter(({ storedAs }) => storedAs))
  test(`${apiVersionOf(kind)} ${kind.kind} survives the way to its stored version and back`, () => {
    const object = example(apiVersionOf(kind), kind.kind, kind.namespaced);
    const { group, version, resource, toStored, fromStored } = kind.storedAs!;
    const there = toStored(structuredClone(object));
    assert.equal(there.apiVersion, apiVersionOf({ group, version }));
    assert.equal(kindOf(there.apiVersion, kind.kind)?.resource, resource);
    assert.partialDeepStrictEqual(fromStored(there), object);
  });

test('no kind accepts an empty object, nor fails on one', () => {
  for (const kind of stored) {
    const object: any = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: {} };
    kind.prepareCreate(object);
    kind.defaults(object);
    assert.ok(
      kind.validate(object).some(({ field }) => field === 'metadata.name'),
      kind.kind,
    );
    for (const column of tableColumns(kind)) column.value(object, nowMs);
  }
});

test('ages are shown as kubectl shows them', () => {
  const shown = (seconds: number) => {
    const creationTimestamp = new Date(nowMs - seconds * 1000).toISOString();
    return ageColumn.value({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', creationTimestamp } }, nowMs);
  };
  const [minute, hour, day] = [60, 3600, 86400];
  const ages: [number, string][] = [
    [0, '0s'],
    [119, '119s'],
    [2 * minute, '2m'],
    [9 * minute + 5, '9m5s'],
    [10 * minute + 5, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [7 * hour + 59 * minute, '7h59m'],
    [47 * hour, '47h'],
    [2 * day + 3 * hour, '2d3h'],
    [8 * day + 3 * hour, '8d'],
    [729 * day, '729d'],
    [730 * day, '2y'],
    [731 * day, '2y1d'],
  ];
  for (const [seconds, text] of ages) assert.equal(shown(seconds), text, `${seconds} s`);
});
