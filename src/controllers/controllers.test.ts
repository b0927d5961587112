import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { rolesFor } from '../reconcile/permissions.ts';
import { createControllers } from './controllers.ts';

const controllers = createControllers({
  authority: '',
  volumesDirectory: '/v',
  podRange: '10.244.0.0/16',
  sign: () => '',
});
const files = globSync('*.ts', { cwd: import.meta.dirname }).filter(
  (file) => !file.endsWith('.test.ts') && file !== 'controllers.ts',
);
const text = (file: string) => readFileSync(`${import.meta.dirname}/${file}`, 'utf8');

test('every controller that exists is in the list', () => {
  const list = text('controllers.ts');
  for (const file of files)
    for (const [, name] of text(file).matchAll(/^export (?:const|function) (\w+)[^\n]*?: Controller\b/gm))
      assert.match(list, new RegExp(`\\b${name}\\(`), `${file} exports ${name}`);
});

test('every file with a controller has a test beside it', () => {
  for (const file of files)
    if (/: Controller\b/.test(text(file)) && /^export /m.test(text(file)))
      assert.ok(existsSync(`${import.meta.dirname}/${file.replace('.ts', '.test.ts')}`), `${file} has no test`);
});

test('names are unique, because they are identities', () => {
  const names = controllers.map(({ name }) => name);
  assert.deepEqual(names, [...new Set(names)]);
});

test('only those that look after every kind read everything, and none may change rights it does not hold', () => {
  const everything = controllers.filter((controller) => controller.reads.includes('*')).map(({ name }) => name);
  assert.deepEqual(everything.sort(), ['garbage-collector', 'namespace']);
  for (const controller of controllers)
    for (const rule of rolesFor(controller).role['rules']) assert.ok(!rule.verbs.includes('*'), controller.name);
});
