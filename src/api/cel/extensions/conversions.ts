import { type CelFunc, library } from '../library.ts';
import type { Toolkit } from '../toolkit.ts';

const failure = (from: string, to: string) => new Error(`type conversion error from '${from}' to '${to}'`);

/** Numbers in texts, as strictly as Go reads them. Source: https://github.com/google/cel-go/blob/master/common/types/string.go. */
export function conversions({ func, types: { STRING, INT, DOUBLE, UINT } }: Toolkit): CelFunc[] {
  return [
    func('int', [STRING], INT, (text: string) => {
      const value = /^[+-]?\d{1,30}$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
      if (value === undefined || BigInt.asIntN(64, value) !== value) throw failure('string', 'int');
      return value;
    }),
    func('uint', [STRING], UINT, (text: string) => {
      const value = /^\d{1,30}$/.test(text) ? BigInt(text) : undefined;
      if (value === undefined || BigInt.asUintN(64, value) !== value) throw failure('string', 'uint');
      return library.cel.celUint(value);
    }),
    func('double', [STRING], DOUBLE, (text: string) => {
      const [, sign, word] = /^([+-]?)(inf|infinity|nan)$/i.exec(text) ?? [];
      if (word !== undefined) return /^n/i.test(word) ? Number.NaN : sign === '-' ? -Infinity : Infinity;
      const value = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
      if (!Number.isFinite(value)) throw failure('string', 'double');
      return value;
    }),
  ];
}
