import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLineSplitter } from './lines.ts';

function linesOf(chunks: (string | Buffer)[], lengthMaxBytes = 100): string[] {
  const lines: string[] = [];
  const push = createLineSplitter(lengthMaxBytes, (line) => lines.push(line));
  for (const chunk of chunks) push(Buffer.from(chunk as string));
  return lines;
}

test('lines are found wherever the chunks are cut, also inside a character', () => {
  const bytes = Buffer.from('{"a":"é"}\n\n{"b":2}\nrest');
  for (let cut = 0; cut <= bytes.length; cut++)
    assert.deepEqual(linesOf([bytes.subarray(0, cut), bytes.subarray(cut)]), ['{"a":"é"}', '{"b":2}']);
});

test('a line that never ends is refused at its bound', () => {
  assert.throws(() => linesOf(['x'.repeat(60), 'x'.repeat(60)]), /longer than 100 bytes/);
  assert.doesNotThrow(() => linesOf(['x'.repeat(60), '\n', 'x'.repeat(60)]));
});
