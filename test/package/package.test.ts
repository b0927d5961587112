import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'rempart-package-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('the package runs from an empty folder, without TypeScript and without the checkout', () => {
  const env = { ...process.env, PATH: `${join(process.execPath, '..')}:${process.env.PATH}` };
  const npm = (cwd: string, ...words: string[]) =>
    execFileSync('npm', words, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  npm(root, 'pack', '--pack-destination', folder);
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  npm(folder, 'install', '--ignore-scripts', '--no-audit', '--no-fund', `./${archive}`);
  const rempart = (...words: string[]) =>
    execFileSync(join(folder, 'node_modules/.bin/rempart'), words, { cwd: folder, env, encoding: 'utf8' });
  assert.match(rempart('help'), /up .*start a cluster/s);
  assert.equal(globTypeScript(join(folder, 'node_modules/rempart')), 0);
});

const globTypeScript = (directory: string): number =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts')).length;
