import { exactQuantity } from '../../../foundation/quantity.ts';
import type { CelFunc } from '../library.ts';
import { type Toolkit, textOf } from '../toolkit.ts';

const perUnit = 1_000_000_000n;

/** Source: k8s.io/apiserver/pkg/cel/library/quantity.go. A quantity is its number of billionths, in decimal. */
export function quantities({ func, method, make, types }: Toolkit): CelFunc[] {
  const { Quantity, STRING, BOOL, INT, DOUBLE } = types;
  const nano = (quantity: unknown) => BigInt(textOf(quantity));
  const sign = (value: bigint) => (value < 0n ? -1n : value > 0n ? 1n : 0n);
  const isInteger = (value: bigint) => value % perUnit === 0n && BigInt.asIntN(64, value / perUnit) === value / perUnit;
  return [
    func('isQuantity', [STRING], BOOL, (text: string) => exactQuantity(text) !== undefined),
    func('quantity', [STRING], Quantity, (text: string) => {
      const value = exactQuantity(text);
      if (value === undefined) throw new Error(`${JSON.stringify(text.slice(0, 64))} is not a quantity`);
      return make('Quantity', String(value));
    }),
    func('sign', [Quantity], INT, (self) => sign(nano(self))),
    method(Quantity, 'isInteger', [], BOOL, (self) => isInteger(nano(self))),
    method(Quantity, 'asInteger', [], INT, (self) => {
      const value = nano(self);
      if (!isInteger(value)) throw new Error('cannot convert value to integer');
      return value / perUnit;
    }),
    method(Quantity, 'asApproximateFloat', [], DOUBLE, (self) => Number(nano(self)) / Number(perUnit)),
    method(Quantity, 'compareTo', [Quantity], INT, (self, other) => sign(nano(self) - nano(other))),
    method(Quantity, 'isGreaterThan', [Quantity], BOOL, (self, other) => nano(self) > nano(other)),
    method(Quantity, 'isLessThan', [Quantity], BOOL, (self, other) => nano(self) < nano(other)),
    method(Quantity, 'add', [Quantity], Quantity, (self, other) => make('Quantity', String(nano(self) + nano(other)))),
    method(Quantity, 'add', [INT], Quantity, (self, more) => make('Quantity', String(nano(self) + more * perUnit))),
    method(Quantity, 'sub', [Quantity], Quantity, (self, other) => make('Quantity', String(nano(self) - nano(other)))),
    method(Quantity, 'sub', [INT], Quantity, (self, less) => make('Quantity', String(nano(self) - less * perUnit))),
  ];
}
