import { currentEvaluation } from '../evaluation.ts';
import { type Clause, readFormat, wrongType } from '../format-syntax.ts';
import { type CelFunc, type CelList, library } from '../library.ts';
import type { Toolkit } from '../toolkit.ts';
import { durationText, numberText, timeText } from './times.ts';

/** Source: https://github.com/google/cel-go/blob/master/ext/formatting.go. */
export function formatting({ method, types: { STRING, LIST } }: Toolkit): CelFunc[] {
  return [
    method(STRING, 'format', [LIST], STRING, (text: string, list: CelList) => {
      const args = [...list];
      let used = 0;
      const made = readFormat(text).map((part) => {
        if (typeof part === 'string') return part;
        if (used >= args.length) throw new Error(`index ${used} out of range`);
        return written(part, args[used++]);
      });
      if (used < args.length)
        throw new Error(`too many arguments supplied to string.format (expected ${used}, got ${args.length})`);
      return made.join('');
    }),
  ];
}

function written(clause: Clause, value: any): string {
  const { letter, precision } = clause;
  const wrong = wrongType(clause, typeName(value));
  if (wrong !== undefined) throw new Error(wrong);
  const number = library.cel.isCelUint(value) ? value.value : value;
  switch (letter) {
    case 's':
      return plain(value);
    case 'd':
      return String(number);
    case 'f':
    case 'e':
      return fraction(Number(value), letter, precision);
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : number.toString(2);
    case 'o':
      return number.toString(8);
    default: {
      const hex = typeof number === 'bigint' ? number.toString(16) : Buffer.from(value).toString('hex');
      return letter === 'X' ? hex.toUpperCase() : hex;
    }
  }
}

const typeName = (value: unknown): string => library.cel.celType(value as never).name;

/** Powers of ten are written as upstream's printer of numbers does: `1.5×10⁰³`. */
function fraction(value: number, letter: 'f' | 'e', precision: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '∞' : '-∞';
  if (letter === 'f') return value.toFixed(precision);
  const [digits, exponent] = value.toExponential(precision).split('e') as [string, string];
  const power = `${exponent.startsWith('-') ? '-' : ''}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`;
  return `${digits}×10${[...power].map((each) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(each)]).join('')}`;
}

/** A value as it is; what is inside a list or a map is written as it would be in an expression. */
function plain(value: any): string {
  currentEvaluation().budget.spend(1);
  const { isCelList, isCelMap, isCelType, isCelUint } = library.cel;
  if (typeof value === 'string') return value;
  if (isCelList(value)) return `[${[...value].map(quoted).join(', ')}]`;
  if (isCelMap(value)) {
    const entries = [...value].map(([key, item]) => `${quoted(key)}:${quoted(item)}`);
    return `{${entries.sort((one, other) => (one < other ? -1 : 1)).join(', ')}}`;
  }
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (typeof value === 'number') return numberText(value);
  if (isCelType(value)) return value.name;
  if (typeof value !== 'object' || value === null) return String(value);
  if (isCelUint(value)) return String(value.value);
  return typeName(value) === 'google.protobuf.Timestamp' ? timeText(value) : durationText(value);
}

function quoted(value: any): string {
  const text = plain(value);
  if (typeof value === 'string') return JSON.stringify(text);
  if (value instanceof Uint8Array) return `b${JSON.stringify(text)}`;
  if (typeof value === 'number' && Number.isFinite(value)) return value.toFixed(6);
  const type = typeName(value);
  if (type === 'google.protobuf.Timestamp') return `timestamp(${JSON.stringify(text)})`;
  return type === 'google.protobuf.Duration' ? `duration(${JSON.stringify(text)})` : text;
}
