import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { type Progress, withProgress } from './progress.ts';

async function written(isTTY: boolean, run: (progress: Progress) => Promise<unknown> = twoSteps): Promise<string> {
  let text = '';
  const write = (chunk: Buffer, _: string, done: () => void) => {
    text += chunk;
    done();
  };
  const stream = Object.assign(new Writable({ write }), { isTTY });
  await withProgress(run, stream as unknown as NodeJS.WriteStream).catch((error) => stream.write(error.message));
  return text;
}

async function twoSteps({ step }: Progress): Promise<void> {
  step('Looking at this machine');
  step('Starting the node');
}

test('on a terminal a step is shown while it runs, and its line is written over when it is done', async () => {
  const text = stripVTControlCharacters(await written(true));
  assert.match(
    text,
    /^… Looking at this machine\r✓ Looking at this machine \(\d\.\d s\)\n… Starting the node\r✓ Starting the node \(\d\.\d s\)\n$/,
  );
});

test('elsewhere there is one plain line for each step', async () => {
  assert.match(await written(false), /^✓ Looking at this machine \(\d\.\d s\)\n✓ Starting the node \(\d\.\d s\)\n$/);
});

test('a step that failed is marked, and why stands on a line of its own', async () => {
  const fail = async ({ step }: Progress) => {
    step('Starting the node');
    throw new Error('no');
  };
  const ended = /✗ Starting the node \(\d\.\d s\)\nno$/;
  for (const isTTY of [true, false]) assert.match(stripVTControlCharacters(await written(isTTY, fail)), ended);
});

test('Ctrl-C is answered with what becomes of what was begun, and still ends the program as such', async () => {
  const text = `
    import { withProgress } from ${JSON.stringify(import.meta.resolve('./progress.ts'))};
    setInterval(() => {}, 1000);
    await withProgress(async ({ step }) => {
      step('Starting the node');
      console.log('begun');
      await new Promise(() => {});
    });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', text]);
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  await once(child.stdout, 'data');
  child.kill('SIGINT');
  const [, signal] = await once(child, 'close');
  assert.match(said, /✗ Starting the node \(\d\.\d s\)\nInterrupted: what was begun is not undone/);
  assert.equal(signal, 'SIGINT');
});
