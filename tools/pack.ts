import { cpSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';

/**
 * Writes `src/` as plain JavaScript into `dist/`, file by file: Node does not strip types under node_modules. Runs
 * before `npm pack`. Files that are not TypeScript (facts, scripts) are copied as they are.
 */
const root = dirname(import.meta.dirname);
const source = join(root, 'src');
const target = join(root, 'dist');

rmSync(target, { recursive: true, force: true });
for (const file of globSync('**/*.*', { cwd: source })) {
  if (/\.test\.ts$|\.d\.ts$|\/testing\//.test(file)) continue;
  const out = join(target, file);
  mkdirSync(dirname(out), { recursive: true });
  if (file.endsWith('.ts')) writeFileSync(out.replace(/\.ts$/, '.js'), plain(readFileSync(join(source, file), 'utf8')));
  else cpSync(join(source, file), out);
}

/** Without types, and with the new extension in imports and in URLs of workers. */
function plain(text: string): string {
  const stripped = stripTypeScriptTypes(text, { mode: 'strip' });
  return stripped.replaceAll(/(['"])(\.{1,2}\/[^'"\n]+)\.ts\1/g, '$1$2.js$1');
}
