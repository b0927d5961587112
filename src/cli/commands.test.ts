import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Command } from 'commander';
import { addCommands } from './commands.ts';

const program = new Command('rempart');
addCommands(program);

test('every command file is in the list', () => {
  const files = readdirSync(join(import.meta.dirname, 'commands')).map((file) => file.replace('.ts', ''));
  assert.deepEqual(program.commands.map((command) => command.name()).sort(), files.sort());
});

test('every command that a user types is in the README', () => {
  const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
  const hidden = new Set(['server', 'agent']);
  for (const command of program.commands.filter((command) => !hidden.has(command.name())))
    assert.match(
      readme,
      new RegExp(`rempart ${command.name()}`),
      `README.md does not mention rempart ${command.name()}`,
    );
});
