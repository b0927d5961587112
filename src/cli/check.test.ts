import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

/** `rempart check` as somebody types it, on the example application and on a careless copy of it. */
const root = join(import.meta.dirname, '../..');
const manifests = join(root, 'examples/shop/manifests');
const folder = mkdtempSync(join(tmpdir(), 'rempart-careless-'));
after(() => rmSync(folder, { recursive: true }));
const careless = join(folder, 'shop');
const file = join(careless, '4-api.yaml');
cpSync(manifests, careless, { recursive: true });
const written = readFileSync(file, 'utf8')
  .replace('allowPrivilegeEscalation: false', 'privileged: true # for tcpdump')
  .replace('shop-api:1', 'shop-api:latest')
  .replace('    spec:\n      auto', '    spec:\n      hostNetwork: true # for speed\n      auto');
writeFileSync(file, written);

function check(words: string[], input = '') {
  const program = ['--disallow-code-generation-from-strings', join(root, 'src/cli/main.ts'), 'check', ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8', input });
  return { status, stdout, stderr };
}
const findings = (...words: string[]): Record<string, any>[] =>
  JSON.parse(check([...words, '--format', 'json']).stdout).findings;
const atLeastMedium = ({ severity }: Record<string, any>) => severity !== 'low';

test('a careless copy of the example fails where it is careless: object, field, line, why, item and patch', () => {
  assert.equal(check([manifests]).status, 0);
  const { status, stdout } = check([careless]);
  assert.equal(status, 2);
  assert.match(
    stdout,
    /4-api\.yaml:24 {2}Deployment shop\/api {2}spec\.template\.spec\.hostNetwork[\s\S]*Findings: 0 critical, 3 high/,
  );
  const found = findings(careless).filter(atLeastMedium);
  assert.deepEqual(
    found.map(({ check, line }) => [check, written.split('\n')[line - 1]!.trim().split(/[: ]/)[0]]),
    [
      ['exposure/host-network', 'hostNetwork'],
      ['pod-security/hostNamespaces', 'hostNetwork'],
      ['pod-security/privileged', 'privileged'],
      ['image-tag', 'image'],
      ['pod-security/allowPrivilegeEscalation', 'securityContext'],
    ],
  );
  for (const finding of found) {
    assert.deepEqual([finding['object'].kind, finding['object'].name], ['Deployment', 'api']);
    for (const told of ['field', 'why', 'mend', 'detail']) assert.ok(finding[told].length > 0, told);
    assert.match(finding['benchmark'].join(), /CIS|NSA/);
    assert.equal(finding['patch'] !== undefined, finding['check'].startsWith('pod-security/'), finding['check']);
  }
});

test('what is read from standard input is judged as the same file is: documents, and a List', () => {
  const places = (all: Record<string, any>[]) => all.map(({ check, line, field }) => [check, line, field]);
  const read = check(['-', '--format', 'json'], written);
  assert.equal(read.status, 2);
  assert.deepEqual(places(JSON.parse(read.stdout).findings), places(findings(file)));
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { hostPID: true, containers: [] } };
  const list = check(['-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [pod] }, null, 2));
  assert.equal(list.status, 3, 'no containers: not all of it could be judged');
  const privileged = { ...pod, spec: { hostPID: true, containers: [{ name: 'a', image: 'a.example/a:1' }] } };
  const whole = check(['-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [privileged] }, null, 2));
  assert.deepEqual([whole.status, /Pod a {2}spec\.hostPID/.test(whole.stdout)], [2, true], whole.stdout);
});

test('--level, --fail-on and --exceptions decide what counts', () => {
  const levels = (...words: string[]) => new Set(findings(careless, ...words).map(({ level }) => level));
  assert.deepEqual(levels('--level', 'perimeter'), new Set(['perimeter']));
  assert.deepEqual(levels('--level', 'perimeter', '--level', 'cluster'), new Set(['perimeter', 'cluster']));
  assert.equal(check([careless, '--fail-on', 'critical']).status, 0);
  assert.equal(check([manifests, '--fail-on', 'low']).status, 2);
  const exceptions = join(folder, 'exceptions.yaml');
  const until = (expires: string) => {
    const waived = findings(careless).filter(atLeastMedium);
    const documents = waived.map(({ check }) => ({
      ...{ apiVersion: 'defence.rempart.io/v1alpha1', kind: 'Exception', metadata: { name: check } },
      spec: {
        ...{ check, object: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'api' } },
        ...{ reason: 'until the new front is there', owner: 'web@example.org', expires },
      },
    }));
    writeFileSync(exceptions, documents.map((document) => JSON.stringify(document)).join('\n---\n'));
    return check([careless, '--exceptions', exceptions]);
  };
  const waived = until('2999-12-31');
  assert.equal(waived.status, 0, waived.stdout + waived.stderr);
  assert.match(waived.stdout, /until the new front is there/);
  assert.equal(until('2020-01-01').status, 2);
});

test('--fix mends what has a patch, beside the comments that stood there', () => {
  const { status, stdout } = check([careless, '--fix']);
  assert.equal(status, 2, stdout);
  const text = readFileSync(file, 'utf8');
  assert.match(text, /hostNetwork: false # for speed/);
  assert.match(text, /privileged: false # for tcpdump/);
  assert.deepEqual(
    findings(careless)
      .filter(atLeastMedium)
      .map(({ check }) => check),
    ['image-tag'],
  );
});
