import { signatures } from './signatures.ts';
import { readType, splitTypes, type Type } from './type.ts';

/** One way to call a function; of a method the first argument is what stands before the dot. */
export type Overload = { isMethod: boolean; args: Type[]; result: Type };
export type Functions = ReadonlyMap<string, readonly Overload[]>;

const namespaces = new Set(['format', 'ip', 'optional', 'jsonpatch', 'lists', 'sets', 'strings']);

/** Reads signatures as `signatures.ts` has them. */
export function readFunctions(lines: readonly string[]): Functions {
  const functions = new Map<string, Overload[]>();
  for (const line of lines) {
    const [signature = '', types] = line.split(' for ');
    for (const type of types?.split(' ') ?? ['']) {
      const { name, overload } = readSignature(signature.replace(/\bT\b/g, type));
      functions.set(name, [...(functions.get(name) ?? []), overload]);
    }
  }
  return functions;
}

function readSignature(signature: string): { name: string; overload: Overload } {
  const end = closingBracket(signature);
  const begin = openingBracket(signature, end);
  const head = signature.slice(0, begin);
  const args = splitTypes(signature.slice(begin + 1, end)).map(readType);
  const result = readType(signature.slice(end + 1));
  const dot = head.lastIndexOf('.');
  const target = head.slice(0, Math.max(0, dot));
  if (dot < 0 || namespaces.has(target)) return { name: head, overload: { isMethod: false, args, result } };
  return { name: head.slice(dot + 1), overload: { isMethod: true, args: [readType(target), ...args], result } };
}

/** The bracket that ends the arguments: the one before the space before the result. */
function closingBracket(signature: string): number {
  let depth = 0;
  for (let at = 0; at < signature.length; at++) {
    depth += signature[at] === '(' ? 1 : signature[at] === ')' ? -1 : 0;
    if (depth === 0 && signature[at] === ')' && signature[at + 1] === ' ') return at;
  }
  throw new Error(`not a signature: ${signature}`);
}

function openingBracket(signature: string, end: number): number {
  let depth = 0;
  for (let at = end; at >= 0; at--) {
    depth += signature[at] === ')' ? 1 : signature[at] === '(' ? -1 : 0;
    if (depth === 0) return at;
  }
  throw new Error(`not a signature: ${signature}`);
}

let known: Functions | undefined;

/** What every expression may call. */
export function knownFunctions(): Functions {
  known ??= readFunctions(signatures);
  return known;
}
