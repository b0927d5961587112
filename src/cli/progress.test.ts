import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { createProgress } from './progress.ts';

function written(isTTY: boolean): string {
  let text = '';
  const write = (chunk: Buffer, _: string, done: () => void) => {
    text += chunk;
    done();
  };
  const stream = Object.assign(new Writable({ write }), { isTTY });
  const progress = createProgress(stream as unknown as NodeJS.WriteStream);
  progress.step('Looking at this machine');
  progress.step('Starting the node');
  progress.done();
  return text;
}

test('on a terminal a step is shown while it runs, and its line is written over when it is done', () => {
  const text = stripVTControlCharacters(written(true));
  assert.match(
    text,
    /^… Looking at this machine\r✓ Looking at this machine \(\d\.\d s\)\n… Starting the node\r✓ Starting the node \(\d\.\d s\)\n$/,
  );
});

test('elsewhere there is one plain line for each step', () => {
  assert.match(written(false), /^✓ Looking at this machine \(\d\.\d s\)\n✓ Starting the node \(\d\.\d s\)\n$/);
});
