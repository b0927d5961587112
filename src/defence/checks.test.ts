import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { podSecurityChecks } from '../api/pod-security/pod-security.ts';
import { checks } from './checks.ts';
import type { Check, Manifest } from './contract.ts';
import { documentChecks } from './documentation.ts';
import { contextOf as contextOfSnapshot } from './judge/judge.ts';
import { recheck } from './judge/recheck.ts';
import { judgeOne } from './judge/verdict.ts';
import { createSnapshot } from './snapshot/snapshot.ts';

const contextOf = (objects: Manifest[], check: Check) =>
  contextOfSnapshot(
    createSnapshot({ source: 'manifests', closedByDefault: false, takenAtMs: 0, minor: 36, objects, unread: [] }),
    { level: replaced.includes(check.id) ? 'baseline' : 'restricted', version: 36 },
  );
const judgeExample = (check: Check, objects: Manifest[]) => judgeOne(check, objects[0]!, contextOf(objects, check));

test('every check file is in the list', () => {
  const list = readFileSync(join(import.meta.dirname, 'checks.ts'), 'utf8');
  for (const level of ['cluster', 'perimeter'])
    for (const file of readdirSync(join(import.meta.dirname, level, 'checks')))
      assert.match(list, new RegExp(`'\\./${level}/checks/${file.replace('.', '\\.')}'`), `${level}/checks/${file}`);
});

test('no two checks have the same id', () => {
  assert.equal(new Set(checks.map(({ id }) => id)).size, checks.length);
});

/** At level restricted a stricter check speaks for these: their examples are judged at baseline. */
const replaced = podSecurityChecks.flatMap(({ replaces }) => (replaces ? [`pod-security/${replaces}`] : []));

for (const check of checks) {
  test(`${check.id}: its examples pass and fail`, () => {
    assert.ok(check.examples.pass.length > 0, 'no example that passes');
    assert.ok(check.examples.fail.length > 0, 'no example that fails');
    for (const objects of check.examples.pass) {
      const verdict = judgeExample(check, objects);
      assert.ok(verdict.verdict === 'pass', `${JSON.stringify(verdict)} for ${JSON.stringify(objects[0])}`);
    }
    for (const objects of check.examples.fail) {
      const verdict = judgeExample(check, objects);
      assert.ok(verdict.verdict === 'fail', `${JSON.stringify(verdict)} for ${JSON.stringify(objects[0])}`);
      for (const finding of verdict.findings)
        if (finding.patch)
          assert.ok(recheck(check, objects[0]!, finding, contextOf(objects, check)), 'a patch that does not mend');
    }
  });
}

test('docs/checks.md shows every check as it is (tools/checks.ts writes it)', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/checks.md'), 'utf8');
  assert.equal(page, documentChecks(checks));
});

test('a hostile object is not assessed, and the others are', () => {
  const broken = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: { containers: 'many' } } as Manifest;
  for (const check of checks) {
    const verdict = judgeExample(check, [broken]);
    assert.ok(['pass', 'fail', 'not applicable', 'not assessed'].includes(verdict.verdict));
  }
});
