import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { configure, layout, writeConfiguration } from '../configuration.ts';
import { packageRoot } from '../processes/command.ts';

const skip = process.platform === 'linux' ? false : 'needs an interface for all of 127.0.0.0/8';

test('a server whose controllers cannot start says so in one sentence and ends', { skip }, (context) => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'rempart-server-'));
  context.after(() => rmSync(dataDirectory, { recursive: true, force: true }));
  const configuration = {
    ...configure({ dataDirectory }),
    apiPort: 0,
    // A gateway that every Linux has, and that no Endpoints may name.
    podCIDR: '127.93.0.0/16',
  };
  writeConfiguration(configuration);
  for (const path of [layout(configuration).pki, layout(configuration).serverLogs])
    mkdirSync(path, { recursive: true });
  const program = [join(packageRoot, 'src/cli/main.ts'), 'server', '--data-dir', dataDirectory];
  const ended = spawnSync(process.execPath, program, { encoding: 'utf8', timeout: 60_000 });
  assert.equal(ended.status, 1, ended.stderr);
  const lines = readFileSync(join(layout(configuration).serverLogs, 'server.log'), 'utf8')
    .trimEnd()
    .split('\n');
  const errors = lines.map((line) => JSON.parse(line)).filter(({ level }) => level === 'error' || level >= 50);
  assert.equal(errors.length, 1, lines.join('\n'));
  assert.match(
    JSON.stringify(errors[0]),
    /Controllers and scheduler cannot start: Endpoints .*loopback.* or go back a version/,
  );
  assert.equal(ended.stderr, '');
});
