// Runs one of the package's tasks with the pinned Node: node tools/task.mjs TASK [ARGUMENTS]. Runs on Node 20.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { installPackages } from './packages.mjs';
import { install, nodePath, root, setUp } from './setup.mjs';

const noCodeFromStrings = '--disallow-code-generation-from-strings';
const bin = (name) => join(root, 'node_modules/.bin', name);

const unitTests = ['src/**/*.test.ts', 'tools/*.test.ts', 'bench/*.test.ts'];
const nodeTest = (...files) => [nodePath(), noCodeFromStrings, '--test', ...files];

/** Each task is a list of commands; the first that fails ends it. */
const tasks = {
  check: () => [
    [nodePath(), 'tools/types.ts'],
    [bin('tsc'), '--noEmit'],
    [bin('biome'), 'check', '--error-on-warnings'],
    nodeTest('test/architecture/*.test.ts'),
  ],
  test: () => {
    installPackages({ tests: true });
    install('test/clients', 'the clients that are tested against');
    return [
      ...tasks.check(),
      nodeTest(...unitTests),
      nodeTest('--test-concurrency=1', 'test/{package,clients,hosts,simulator}/**/*.test.ts'),
    ];
  },
  unit: (files) => [nodeTest(...(files.length > 0 ? files : unitTests))],
  generate: () => [
    ['npm', 'ci', '--prefix', 'tools/generate', '--ignore-scripts', '--no-progress'],
    [nodePath(), 'tools/generate/generate.ts'],
    [nodePath(), 'tools/types.ts'],
  ],
  pack: () => [[nodePath(), 'tools/pack.ts']],
  bench: (names) => [[nodePath(), noCodeFromStrings, 'bench/bench.ts', ...names]],
  dev: (words) => [[nodePath(), noCodeFromStrings, 'src/cli/main.ts', 'dev', ...words]],
  demo: (words) => {
    installPackages();
    return [[nodePath(), noCodeFromStrings, 'src/cli/main.ts', 'demo', ...words]];
  },
};

function run([command, ...words]) {
  // node finds npm's and tsc's own `node` on the PATH: let it be the pinned one.
  const env = { ...process.env, PATH: `${dirname(nodePath())}:${process.env.PATH}` };
  const { status, signal } = spawnSync(command, words, { cwd: root, stdio: 'inherit', env });
  if (signal) process.kill(process.pid, signal);
  if (status !== 0) process.exit(status ?? 1);
}

const [name, ...words] = process.argv.slice(2);
if (!(name in tasks)) {
  process.stderr.write(`Unknown task ${name}. There are: ${Object.keys(tasks).join(', ')}.\n`);
  process.exit(2);
}
setUp();
for (const command of tasks[name](words)) run(command);
