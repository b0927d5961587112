import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { evaluatePod, podSecurityChecks, readLevel, readVersion } from './pod-security.ts';

const fixtures = join(import.meta.dirname, '../../../../shared/data/pod-security');

test('every fixture of the standards, at every version, is judged as its name says', (context) => {
  if (!existsSync(fixtures)) return context.skip(`the fixtures are not at ${fixtures}`);
  const wrong: string[] = [];
  let count = 0;
  for (const file of readdirSync(fixtures, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.yaml')) continue;
    const [level = '', version = '', verdict] = file.split('/');
    const policy = { level: readLevel(level)!, version: readVersion(version)! };
    const pod = parse(readFileSync(join(fixtures, file), 'utf8'));
    const violations = evaluatePod(pod, policy);
    count++;
    if ((violations.length === 0) !== (verdict === 'pass'))
      wrong.push(`${file}: ${violations.map(({ check }) => check)}`);
    // a failing fixture fails for the check that it is named after, or the stricter one that replaces it
    const about = basename(file).replace(/\d+\.yaml$/, '');
    const ids = podSecurityChecks
      .filter(({ id, replaces }) => id.toLowerCase() === about || replaces?.toLowerCase() === about)
      .map(({ id }) => id);
    if (verdict === 'fail' && !violations.some(({ check }) => ids.includes(check)))
      wrong.push(`${file}: not by ${about}`);
  }
  assert.deepEqual(wrong, []);
  assert.ok(count > 1000);
});
