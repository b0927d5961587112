import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { kinds } from '../../api/api.ts';
import { definition, definitionNames, fullName } from '../../api/schema/definitions.ts';
import { readDescriptions } from './descriptions.ts';
import { documentV2 } from './document.ts';

const folder = join(import.meta.dirname, 'descriptions');
type File = Record<string, Record<string, string>>;
const files: [string, File][] = readdirSync(folder).map((name) => [
  name,
  JSON.parse(readFileSync(join(folder, name), 'utf8')),
]);
const entries = files.flatMap(([, file]) => Object.entries(file));
const texts = entries.flatMap(([name, fields]) =>
  Object.entries(fields)
    .filter(([field]) => field !== '$like')
    .map(([field, text]) => ({ at: `${name}.${field}`, field, text })),
);

test('every kind and every field of all that is served is described', () => {
  const { definitions } = documentV2(kinds, 'v1');
  const missing: string[] = [];
  for (const [name, schema] of Object.entries<any>(definitions)) {
    if (schema['x-kubernetes-group-version-kind'] && !schema.description) missing.push(name);
    for (const [field, { description }] of Object.entries<any>(schema.properties ?? {}))
      if (!description) missing.push(`${name}.${field}`);
  }
  assert.deepEqual(missing, []);
});

test('what is described exists, and once', () => {
  const known = new Set(definitionNames());
  const seen = new Set<string>();
  for (const [short, fields] of entries) {
    const name = fullName(short);
    assert.ok(known.has(name), `there is no ${short}`);
    assert.ok(!seen.has(name), `${short} is described twice`);
    seen.add(name);
    const { properties = {} } = definition(name);
    for (const field of Object.keys(fields))
      if (!field.startsWith('$') || field === '$ref' || field === '$schema')
        assert.ok(properties[field], `${short} has no field ${field}`);
    if (fields['$like']) assert.ok(known.has(fullName(fields['$like'])), `${short} is like ${fields['$like']}`);
  }
});

const lengthMax = 140;

test('texts are one line of plain characters, have an end, and say more than the name', () => {
  const letters = (text: string) => text.toLowerCase().replaceAll(/[^a-z]/g, '');
  for (const { at, field, text } of texts) {
    // One character beyond these would double the memory of the whole document.
    assert.match(text, /^[!-~][ -~]+[.?]$/, `${at}: ${text}`);
    assert.ok(text.length <= lengthMax, `${at} has ${text.length} characters: at most ${lengthMax}`);
    assert.notEqual(letters(text).replace(/^(the|its)/, ''), letters(field), at);
  }
});

test('nothing is written again that $like gives', () => {
  const { of } = readDescriptions();
  for (const [name, { $like: like, ...own }] of entries) {
    if (like === undefined) continue;
    const shared = of(fullName(like));
    for (const [field, text] of Object.entries(own)) assert.notEqual(text, shared[field], `${name}.${field}`);
  }
});
