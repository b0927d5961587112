import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { UsageError } from '../foundation/usage-error.ts';
import { printableError, sentenceFor } from './failure.ts';

test('what the operating system refuses is a sentence, what is our own fault keeps its stack', () => {
  const failure = (action: () => void): unknown => {
    try {
      action();
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const full = failure(() => writeFileSync('/dev/full', 'x'));
  assert.match(sentenceFor(full)!, /^the disk is full: free some space .*\(ENOSPC: no space left on device, write\)$/);
  assert.equal(sentenceFor(new UsageError('--port 80: choose another')), '--port 80: choose another');
  assert.equal(sentenceFor(new TypeError('x is not a function')), undefined);
  assert.equal(sentenceFor(failure(() => writeFileSync('/nonexistent/file', ''))), undefined);
});

test('what an API server wrote into an error does not steer the terminal', () => {
  const hostile = 'forbidden: \u001b[2J\u009b1;1H\u202egnp\nsecond line';
  assert.equal(sentenceFor(new UsageError(hostile)), 'forbidden: �[2J�1;1H�gnp\nsecond line');
  const fault = new TypeError(hostile, { cause: new Error(hostile) });
  const shown = inspect(printableError(fault));
  assert.match(shown, /TypeError: forbidden: �\[2J/);
  assert.doesNotMatch(shown, /[\u001b\u009b\u202e]/);
});
