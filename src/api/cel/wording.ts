import { errorLengthMax } from './limits.ts';

/** How the library says something, and how upstream does: scripts look for that. */
const wordings: [RegExp, string][] = [
  [/^field not found: /, 'no such key: '],
  [/^(?:found no matching overload for )'size'.*$/s, 'no such overload: size'],
  [/^(?:found no matching overload for |_\?_:_ applied|type mismatch: expected bool).*$/s, 'no such overload'],
  [/^type mismatch: iterable vs (\w)(\w*).*$/s, "got 'types.$1$2', expected iterable type"],
  [/^index (-?\d+) out of bounds.*$/s, 'index out of bounds: $1'],
  [/^Unable to convert string '.*' to bool$/s, "type conversion error from 'string' to 'bool'"],
  [/^Failed to decode bytes as string.*$/s, 'invalid UTF-8 in bytes, cannot convert to string'],
  [/^u?int divide by zero$/, 'division by zero'],
  [/^u?int modulus by zero$/, 'modulus by zero'],
  [/^int overflow .*$/, 'integer overflow'],
  [/^uint overflow .*$/, 'unsigned integer overflow'],
  [/^(timestamp|duration) out of range$/, '$1 overflow'],
  [/^Failed to parse timestamp.*$/s, "type conversion error from 'string' to 'google.protobuf.Timestamp'"],
  [/^Failed to parse duration.*$/s, "type conversion error from 'string' to 'google.protobuf.Duration'"],
];

/** An error of an evaluation, in upstream's words, at a bearable length. */
export function wordingOf(message: string): string {
  let text = message;
  for (const [form, wording] of wordings) text = text.replace(form, wording);
  const named = text.replace(/'types\.(\w)/, (_, first: string) => `'types.${first.toUpperCase()}`);
  return named.length > errorLengthMax ? `${named.slice(0, errorLengthMax)}…` : named;
}
