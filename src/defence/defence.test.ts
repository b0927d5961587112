import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { podSecurityChecks, readLevel, readVersion } from '../api/pod-security/pod-security.ts';
import { checks } from './checks.ts';
import { check, exitCodeOf, render, reportFormats } from './defence.ts';
import { contextOf, judge } from './judge/judge.ts';
import { loadManifests } from './manifests/load.ts';
import { snapshotOf } from './source.ts';

const textOf = (...words: Parameters<typeof render>) => [...render(...words)].join('');

const fixtures = join(import.meta.dirname, '../../../shared/data/pod-security');
const podSecurity = checks.filter(({ id }) => id.startsWith('pod-security/'));

test('every fixture of the Pod Security Standards is judged as its name says', (context) => {
  if (!existsSync(fixtures)) return context.skip(`the fixtures are not at ${fixtures}`);
  const wrong: string[] = [];
  const nothing = snapshotOf({ objects: [], files: [], unassessed: [], unreadable: [] }, { minor: 36, nowMs: 0 });
  for (const level of ['baseline', 'restricted'])
    for (const version of readdirSync(join(fixtures, level)))
      for (const verdict of ['pass', 'fail']) {
        const { objects, unreadable } = loadManifests(join(fixtures, level, version, verdict));
        assert.deepEqual(unreadable, []);
        const policy = { level: readLevel(level)!, version: readVersion(version)! };
        const judging = contextOf(nothing, policy);
        for (const loaded of objects) {
          const { failures } = judge([loaded], podSecurity, judging);
          if ((failures.length === 0) !== (verdict === 'pass')) wrong.push(loaded.origin.file);
        }
      }
  assert.deepEqual(wrong, []);
});

test('every check of the standards is here', () => {
  assert.equal(podSecurity.length, podSecurityChecks.length);
});

test('nothing of the example shop fails at medium or above', async () => {
  const report = await check({ path: join(import.meta.dirname, '../../examples/shop/manifests'), nowMs: 0 });
  assert.deepEqual(
    report.failures.filter(({ severity }) => severity !== 'low').map(({ check }) => check.id),
    [],
  );
  assert.equal(exitCodeOf(report, 'medium'), 0);
});

const scratch = mkdtempSync(join(tmpdir(), 'rempart-check-'));
after(() => rmSync(scratch, { recursive: true }));

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(scratch, 'files-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

const service =
  'apiVersion: v1\nkind: Service\nmetadata: {name: "<b>", namespace: shop}\nspec:\n  type: LoadBalancer\n';
const exception = (expires: string) => `apiVersion: defence.rempart.io/v1alpha1
kind: Exception
metadata: {name: public}
spec:
  check: exposure/load-balancer
  object: {kind: Service, namespace: shop, name: <b>}
  reason: it is the public site
  owner: web@example.org
  expires: ${expires}
`;
const nowMs = Date.parse('2026-11-23');

test('an exception waives, is listed in every format, and fails from the day after it expires', async () => {
  const folder = folderWith({ 's.yaml': service });
  const report = (expires: string) => {
    const exceptionsFile = join(folderWith({ 'e.yaml': exception(expires) }), 'e.yaml');
    return check({ path: folder, nowMs }, { exceptionsFile });
  };
  const valid = await report('2026-11-23');
  assert.equal(valid.failures.length, 0);
  assert.equal(exitCodeOf(valid, 'low'), 3, 'no API server takes that name');
  for (const format of reportFormats) assert.ok(textOf(valid, format).includes('it is the public site'), format);
  assert.match(
    textOf(valid, 'table'),
    /public: exposure\/load-balancer of Service shop\/<b>, until 2026-11-23, waives 1;/,
  );
  assert.match(textOf(valid, 'html'), /<td>Service shop\/&lt;b&gt;<\/td>/);
  const expired = await report('2026-11-22');
  assert.equal(exitCodeOf(expired, 'critical'), 2);
  assert.equal(expired.failures.length, 1);
  for (const format of reportFormats) assert.match(textOf(expired, format), /expired/i, format);
  assert.match(textOf(expired, 'junit'), /<failure type="expired">EXPIRED 2026-11-22: what it waived counts again</);
  const { toolExecutionNotifications } = JSON.parse(textOf(expired, 'sarif')).runs[0].invocations[0];
  assert.match(toolExecutionNotifications.at(-1).message.text, /^exception public .*EXPIRED 2026-11-22/);
});

test('an exception without reason, owner or expiry is refused with its line', async () => {
  const folder = folderWith({ 'e.yaml': exception('2027-01-01').replace(/ {2}owner.*\n/, '') });
  await assert.rejects(
    check({ path: folder, nowMs }, { exceptionsFile: join(folder, 'e.yaml') }),
    /e\.yaml:4: .*spec\.owner/,
  );
});

test('what cannot be judged never looks clean', async () => {
  const report = (text: string) => check({ path: folderWith({ 'x.yaml': text }), nowMs });
  const unknown = await report('apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: w}\n');
  for (const format of reportFormats) assert.match(textOf(unknown, format), /kind not known: Widget/, format);
  assert.equal(exitCodeOf(unknown, 'critical'), 3);
  const patchLevel = await check({ path: folderWith({ 'x.yaml': service }), nowMs }, { levels: ['patch'] });
  assert.equal(exitCodeOf(patchLevel, 'low'), 3);
  for (const format of ['table', 'html'] as const)
    assert.match(textOf(patchLevel, format), /Nothing was judged: there are no checks of this level yet/);
  assert.equal(exitCodeOf(await report('a: [1'), 'low'), 3);
  const nothing = await report('# empty\n');
  assert.equal(exitCodeOf(nothing, 'low'), 3);
  assert.match(textOf(nothing, 'table'), /Nothing was judged: there is no object in /);
  assert.match(textOf(nothing, 'table'), /level image/);
});

test('names from manifests are text in HTML, XML and on a terminal', async () => {
  const hostile = service.replace('"<b>"', '"<script>\\u001b[31m\\u202e"');
  const report = await check({ path: folderWith({ 'x.yaml': hostile }), nowMs });
  for (const format of ['html', 'junit', 'table'] as const)
    assert.doesNotMatch(textOf(report, format), /[\u001b\u202e]/);
  for (const format of ['html', 'junit'] as const) assert.doesNotMatch(textOf(report, format), /<script>/);
});

test('SARIF has a rule for every check and every result has one, with file and line', async () => {
  const { version, runs } = JSON.parse(
    textOf(await check({ path: folderWith({ 'x.yaml': service }), nowMs }), 'sarif'),
  );
  assert.equal(version, '2.1.0');
  assert.equal(runs[0].tool.driver.rules.length, checks.length);
  const [result] = runs[0].results;
  assert.equal(runs[0].tool.driver.rules[result.ruleIndex].id, result.ruleId);
  assert.equal(result.locations[0].physicalLocation.region.startLine, 5);
});

test('places in SARIF are addresses, whatever the name of the file', async () => {
  const report = await check({ path: folderWith({ 'a b#1?.yaml': service }), nowMs });
  const { uri } = JSON.parse(textOf(report, 'sarif')).runs[0].results[0].locations[0].physicalLocation.artifactLocation;
  assert.match(uri, /a%20b%231%3F\.yaml$/);
});

test('JUnit has what the strictest of its schemas asks for, in its order', async () => {
  const junit = textOf(await check({ path: folderWith({ 'x.yaml': service }), nowMs }), 'junit');
  const counts = 'tests="(\\d+)" failures="(\\d+)" errors="0" skipped="(\\d+)" time="0"';
  const head = `<testsuite name="[^"]+" package="rempart" id="(\\d+)" hostname="localhost" timestamp="2026-11-23T00:00:00" ${counts}>`;
  const properties = '<properties>(?:<property name="[^"]+" value="[^"]+"/>)+</properties>';
  const inside = '<failure type="[^"]+"[^>]*>[^<]+</failure>|<skipped message="[^"]+"/>|';
  const cases = `((?:\\s*<testcase classname="[^"]+" name="[^"]+" time="0">(?:${inside})</testcase>)*)`;
  const suites = [
    ...junit.matchAll(
      RegExp(`${head}\\s*${properties}${cases}\\s*<system-out/>\\s*<system-err/>\\s*</testsuite>`, 'g'),
    ),
  ];
  assert.deepEqual(
    suites.map(([, id]) => Number(id)),
    [...checks.keys(), checks.length, checks.length + 1],
  );
  for (const [, , tests, failures, skipped, written = ''] of suites)
    assert.deepEqual(
      [tests, failures, skipped],
      ['<testcase', '<failure', '<skipped'].map((tag) => String(written.split(tag).length - 1)),
    );
  assert.ok(suites.some(([, , , failures]) => failures === '1'));
});

test('findings of a large cluster are never one text', async () => {
  const many = Array.from({ length: 2000 }, (_, index) => service.replace('<b>', `a-${index}`)).join('---\n');
  const report = await check({ path: folderWith({ 'x.yaml': many }), nowMs });
  for (const format of ['json', 'sarif'] as const) {
    const pieces = [...render(report, format)];
    assert.ok(pieces.length > 1, format);
    const { findings, runs } = JSON.parse(pieces.join(''));
    assert.equal((findings ?? runs[0].results).length, report.failures.length);
  }
});

test('JSON keeps its shape', async () => {
  const value = JSON.parse(textOf(await check({ path: folderWith({ 'x.yaml': service }), nowMs }), 'json'));
  assert.equal(value.version, 1);
  assert.deepEqual(Object.keys(value.findings[0]), [
    ...['check', 'level', 'severity', 'object', 'file', 'line', 'field', 'pointer', 'reason', 'detail', 'why', 'mend'],
    'benchmark',
  ]);
  const readme = readFileSync(join(import.meta.dirname, '../../docs/checks.md'), 'utf8');
  assert.ok(readme.includes(value.findings[0].check));
});
