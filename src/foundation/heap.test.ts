import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from '../../test/property.ts';
import { createHeap } from './heap.ts';

test('whatever is put in and taken out in between, the first comes first', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: 0, max: 20 }))), (steps) => {
      const heap = createHeap<number>((one, other) => one < other);
      let model: number[] = [];
      for (const step of steps) {
        assert.equal(heap.peek(), model[0]);
        if (step === null) assert.equal(heap.pop(), model.shift());
        else {
          heap.push(step);
          model = [...model, step].sort((a, b) => a - b);
        }
      }
    }),
  );
});
