import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { UsageError } from '../foundation/usage-error.ts';
import { sentenceFor } from './failure.ts';

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
