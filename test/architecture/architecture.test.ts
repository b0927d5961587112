import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { test } from 'node:test';
import { openRooms, rooms, sideDoors } from './rooms.ts';

const root = join(import.meta.dirname, '../..');
const source = join(root, 'src');
const files = globSync('**/*.ts', { cwd: source }).filter((file) => !file.endsWith('.d.ts'));
const isTest = (file: string) => /\.test\.ts$|\/testing\//.test(file);

function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8');
  const found = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1]!);
  return found.map((path) => relative(source, normalize(join(source, dirname(file), path))));
}

const roomOf = (file: string) => file.split('/')[0]!;
/** The folder of a room that a file is in, at any depth; undefined for the room's own files. */
const folderOf = (file: string) => (file.split('/').length > 2 ? file.split('/').slice(0, 2).join('/') : undefined);

test('every file stands in a room', () => {
  for (const file of files) assert.ok(roomOf(file) in rooms, `src/${file} is in no room of test/architecture/rooms.ts`);
});

test('no room imports what it may not', () => {
  for (const file of files.filter((file) => !isTest(file)))
    for (const imported of importsOf(file)) {
      const [from, to] = [roomOf(file), roomOf(imported)];
      if (from === to || rooms[from]!.includes(to)) continue;
      assert.fail(`src/${file} imports ${imported}: ${from} may not import ${to}`);
    }
});

test('rooms are entered by their door', () => {
  for (const file of files.filter((file) => !isTest(file)))
    for (const imported of importsOf(file)) {
      const room = roomOf(imported);
      if (room === roomOf(file) || openRooms.includes(room) || sideDoors.includes(imported)) continue;
      assert.equal(imported, `${room}/${room}.ts`, `src/${file} goes around the door of ${room}`);
    }
});

test('inside a room, no folders import each other in a circle', () => {
  const imports = new Map<string, Set<string>>();
  for (const file of files.filter((file) => !isTest(file)))
    for (const imported of importsOf(file)) {
      const [from, to] = [folderOf(file), folderOf(imported)];
      if (from === undefined || to === undefined || from === to || roomOf(file) !== roomOf(imported)) continue;
      imports.set(from, (imports.get(from) ?? new Set()).add(to));
    }
  const follow = (path: string[]): void => {
    for (const next of imports.get(path.at(-1)!) ?? []) {
      assert.ok(!path.includes(next), `a circle of folders: ${[...path, next].join(' → ')}`);
      if (!followed.has(next)) follow([...path, next]);
    }
    followed.add(path.at(-1)!);
  };
  const followed = new Set<string>();
  for (const folder of imports.keys()) follow([folder]);
});

test('no code is made from strings, and no file grows out of hand', () => {
  for (const file of files) {
    const text = readFileSync(join(source, file), 'utf8');
    assert.doesNotMatch(text, /\beval\(|new Function\(/, `src/${file}`);
    const lines = text.split('\n').length;
    assert.ok(lines <= 500, `src/${file} has ${lines} lines: which idea would make two files of it?`);
  }
});

test('node:http is imported for its types only (foundation/plain-http.ts)', () => {
  for (const file of files.filter((file) => !isTest(file))) {
    const text = readFileSync(join(source, file), 'utf8');
    assert.doesNotMatch(text, /^(?!import type ).*from 'node:http';$/m, `src/${file} loads undici for nothing`);
  }
});

test('what judges by admission policies is loaded when there is one (api/admission-policy/engine.ts)', () => {
  const loaded =
    /^import (?!type )[^;]*'\S*(?:\/cel\/(?!budget)|admission-policy\/(?:compile|evaluate|mutate|preview|type-check))/m;
  const folders = ['api/admission-policy/', 'api/cel/'];
  for (const file of files.filter((file) => !isTest(file) && !folders.some((folder) => file.startsWith(folder))))
    assert.doesNotMatch(readFileSync(join(source, file), 'utf8'), loaded, `src/${file} loads CEL into every program`);
});

test('ARCHITECTURE.md shows the table that is enforced', () => {
  const page = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \|[^|]*\|([^|]*)\|$/gm)];
  const all = Object.keys(rooms).filter((room) => room !== 'cli' && room !== 'dashboard' && room !== 'cluster');
  const shown = rows.map(([, room, list]) => {
    const names = list!.trim() === 'all but cli and dashboard' ? all : list!.split(',').map((name) => name.trim());
    return [room, names.filter((name) => name !== '').sort()];
  });
  assert.deepEqual(
    shown,
    Object.entries(rooms).map(([room, allowed]) => [room, [...allowed].sort()]),
  );
});
