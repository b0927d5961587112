import assert from 'node:assert/strict';
import { test } from 'node:test';
import { protections } from '../../cluster/protections/protections.ts';
import { checks } from '../checks.ts';
import { headings } from './headings.ts';
import { sectionOf, sections } from './item.ts';
import { items } from './items.ts';

/** How many items each section of the document has. */
const counts: Record<string, number> = {
  ...{ '1.1': 21, '1.2': 30, '1.3': 7, '1.4': 2, '2': 7, '3.1': 3, '3.2': 2, '4.1': 10, '4.2': 14, '4.3': 1 },
  ...{ '5.1': 13, '5.2': 12, '5.3': 2, '5.4': 2, '5.5': 1, '5.6': 4 },
};

test('every item of the document is there, once and in its order', () => {
  const numbers = Object.entries(counts)
    .sort(([a], [b]) => byNumber(a, b))
    .flatMap(([section, count]) => Array.from({ length: count }, (_, index) => `${section}.${index + 1}`));
  assert.equal(numbers.length, 131);
  assert.deepEqual(
    items.map(({ id }) => id),
    numbers,
  );
  assert.deepEqual([...new Set(items.map(({ id }) => sectionOf(id)))], Object.keys(sections).toSorted(byNumber));
});

/** `5.1.10` after `5.1.9`. */
const byNumber = (a: string, b: string) => a.localeCompare(b, 'en', { numeric: true });

test('an item that checks judge has a check, and no other has one', () => {
  const answered = new Set(checks.flatMap(({ benchmark }) => benchmark));
  for (const { id, judging } of items) assert.equal(answered.has(`CIS ${id}`), judging.by === 'checks', id);
});

test('checks answer to items and headings that exist', () => {
  const known = new Set([...items.map(({ id }) => `CIS ${id}`), ...headings.map(({ id }) => id)]);
  for (const { id, benchmark } of checks)
    for (const name of benchmark) assert.ok(known.has(name), `${id} answers to ${name}, which does not exist`);
});

test('headings refer to items that exist, and each has something that judges it', () => {
  const known = new Set(items.map(({ id }) => id));
  for (const { id, items: related } of headings) {
    for (const item of related) assert.ok(known.has(item), `${id}: ${item}`);
    assert.ok(related.length > 0);
  }
});

test('what the host or flags decide elsewhere is decided on Rempart, too', () => {
  const known = new Map(protections.map(({ id, default: mode, relaxedModes }) => [id, [mode, ...relaxedModes]]));
  for (const { id, judging, onRempart } of items) {
    if (judging.by === 'flags') assert.ok(onRempart, `${id}: Rempart has no flags`);
    if (onRempart && 'protection' in onRempart)
      for (const mode of onRempart.modes)
        assert.ok(known.get(onRempart.protection)?.includes(mode), `${id}: ${onRempart.protection} is never ${mode}`);
  }
});
