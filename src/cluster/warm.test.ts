import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { configure, layout, writeConfiguration } from './configuration.ts';

const dataDirectory = mkdtempSync(join(tmpdir(), 'rempart-warm-'));
after(() => rmSync(dataDirectory, { recursive: true }));

test('after it was warmed the API server opens its store and judges by policies from the compile cache', () => {
  const cache = join(dataDirectory, 'cache');
  const configuration = configure({ dataDirectory });
  const { server } = layout(configuration);
  writeConfiguration(configuration);
  const run = (...words: string[]) =>
    execFileSync(process.execPath, ['--disallow-code-generation-from-strings', ...words], {
      env: { NODE_COMPILE_CACHE: cache },
    });
  const compiled = () => readdirSync(cache, { recursive: true }).length;
  run(join(import.meta.dirname, '../cli/main.ts'), 'server', '--data-dir', dataDirectory, '--warm');
  assert.deepEqual(readdirSync(server), ['cluster.json']);
  const script = join(dataDirectory, 'open.mjs');
  const [store, path] = [join(import.meta.dirname, '../store/store.ts'), join(dataDirectory, 'store.db')];
  const policies = join(import.meta.dirname, '../api/admission-policy/engine.ts');
  writeFileSync(
    script,
    `const { openEngine } = await import(${JSON.stringify(store)});
     const engine = await openEngine({ engine: 'sqlite', path: ${JSON.stringify(path)} });
     await engine.close();
     Object.values((await import(${JSON.stringify(policies)})).engine);`,
  );
  const before = compiled();
  run(script);
  // The script itself is new.
  assert.equal(compiled(), before + 1);
});
