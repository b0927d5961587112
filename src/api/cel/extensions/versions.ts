import type { CelFunc } from '../library.ts';
import { type Toolkit, textOf } from '../toolkit.ts';

/** https://semver.org: three numbers, and what stands before a release. */
type Version = { numbers: bigint[]; before: string[] };

const form = /^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/;
const uint64Max = 2n ** 64n - 1n;
const uint64Digits = 20;

/** Source: k8s.io/apiserver/pkg/cel/library/semverlib.go, version 1. */
export function versions({ func, method, make, types: { Semver, STRING, BOOL, INT } }: Toolkit): CelFunc[] {
  const parse = (text: string, normalize = false) => {
    const version = versionOf(normalize ? normalized(text) : text);
    if (version === undefined) throw new Error(`${JSON.stringify(text.slice(0, 64))} is not a semantic version`);
    return make('Semver', textOfVersion(version));
  };
  const isVersion = (text: string, normalize = false) => versionOf(normalize ? normalized(text) : text) !== undefined;
  const order = (left: unknown, right: unknown) => compare(versionOf(textOf(left))!, versionOf(textOf(right))!);
  const number = (name: string, index: number) =>
    method(Semver, name, [], INT, (self) => BigInt.asIntN(64, versionOf(textOf(self))!.numbers[index]!));
  return [
    func('semver', [STRING], Semver, (text: string) => parse(text)),
    func('semver', [STRING, BOOL], Semver, parse),
    func('isSemver', [STRING], BOOL, (text: string) => isVersion(text)),
    func('isSemver', [STRING, BOOL], BOOL, isVersion),
    method(Semver, 'isGreaterThan', [Semver], BOOL, (self, other) => order(self, other) > 0),
    method(Semver, 'isLessThan', [Semver], BOOL, (self, other) => order(self, other) < 0),
    method(Semver, 'compareTo', [Semver], INT, (self, other) => BigInt(order(self, other))),
    number('major', 0),
    number('minor', 1),
    number('patch', 2),
  ];
}

function versionOf(text: string): Version | undefined {
  const found = form.exec(text);
  if (found === null) return undefined;
  const numbers = found.slice(1, 4) as string[];
  const before = found[4]?.split('.') ?? [];
  const build = found[5]?.split('.') ?? [];
  const isPadded = (part: string) => /^0\d+$/.test(part);
  const isTooLarge = (part: string) => part.length > uint64Digits || BigInt(part) > uint64Max;
  if (numbers.some((part) => isPadded(part) || isTooLarge(part))) return undefined;
  return before.some((part) => part === '' || isPadded(part)) || build.includes('')
    ? undefined
    : { numbers: numbers.map(BigInt), before };
}

/** Two versions that differ in their build are equal, so that is left out. */
const textOfVersion = ({ numbers, before }: Version): string =>
  `${numbers.join('.')}${before.length > 0 ? `-${before.join('.')}` : ''}`;

/** `v1.02` as `1.2.0`. What is short and has more than numbers stays wrong. */
function normalized(text: string): string {
  const [first = '', second, ...rest] = text.replace(/^v/, '').split('.');
  const parts = [first, ...(second === undefined ? [] : [second]), ...(rest.length > 0 ? [rest.join('.')] : [])];
  const trimmed = parts.map((part) => (part.length > 1 ? part.replace(/^0+/, '').replace(/^(?!\d)/, '0') : part));
  if (trimmed.length < 3 && /[+-]/.test(trimmed.at(-1)!)) return '';
  while (trimmed.length < 3) trimmed.push('0');
  return trimmed.join('.');
}

function compare(left: Version, right: Version): number {
  for (const [index, number] of left.numbers.entries()) {
    const other = right.numbers[index]!;
    if (number !== other) return number < other ? -1 : 1;
  }
  // what stands before a release is older than it
  if (left.before.length === 0 || right.before.length === 0) return Math.sign(right.before.length - left.before.length);
  for (const [index, part] of left.before.entries()) {
    const other = right.before[index];
    if (other === undefined) return 1;
    const order = comparePart(part, other);
    if (order !== 0) return order;
  }
  return left.before.length < right.before.length ? -1 : 0;
}

/** Numbers by their value and before words. */
function comparePart(left: string, right: string): number {
  const [isNumber, isOtherNumber] = [left, right].map((part) => /^\d+$/.test(part));
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  // None begins with a zero: the longer number is the larger one.
  if (isNumber && left.length !== right.length) return left.length < right.length ? -1 : 1;
  return left < right ? -1 : left > right ? 1 : 0;
}
