import { ApiError, badRequest } from '../status.ts';

/** Deeper than any honest object: a CustomResourceDefinition's schema reaches about 60. */
export const depthMax = 128;
/**
 * Of one body or object, so that a few bytes each do not become seconds of work: the largest custom resource definitions
 * have thirty thousand, an object of three MiB whose values have the usual thirty characters has this many.
 */
export const valuesMax = 100_000;
/**
 * Of an object, a map, and a list whose items have names: each is compared by name and gets owners, and V8 is slow with
 * objects of many. More than any honest one has: those of a ConfigMap of 1 MiB would have a hundred characters each.
 */
export const namesMax = 10_000;
/** More findings than this help nobody, and bound the response. */
export const duplicatesMax = 20;

export type Parsed = {
  value: unknown;
  /** Paths of keys that were given twice: `spec.containers[0].image`. */
  duplicates: string[];
};

/** JSON text to a value. Throws BadRequest and RequestEntityTooLarge. `findDuplicates` costs a second pass: JSON.parse keeps the last silently. */
export function parseJson(text: string, findDuplicates = true): Parsed {
  boundValues(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badRequest(`the object provided is unrecognized (must be of type JSON): ${(error as Error).message}`, error);
  }
  const keys = countKeys(value, 0);
  // Every member of the text has its key in the value, unless one was given twice.
  return { value, duplicates: findDuplicates && countMembers(text) !== keys ? duplicateKeys(text) : [] };
}

/** YAML text, as parse-yaml.ts reads it; JSON is YAML, too. Throws BadRequest and RequestEntityTooLarge. */
export async function parseYaml(text: string): Promise<Parsed> {
  // Clients rarely send it: loaded when the first one does.
  const readYaml = async () => (await import('./parse-yaml.ts')).parseYaml(text);
  if (!text.trimStart().startsWith('{')) return readYaml();
  try {
    return parseJson(text);
  } catch (notJson) {
    // YAML is more generous within braces, too: with a comma behind the last field, or a key without quotes.
    return readYaml().catch(() => {
      throw notJson;
    });
  }
}

export const tooManyValues = () =>
  new ApiError('RequestEntityTooLarge', `the object has more than ${valuesMax} values: make several of it`);

export const tooManyNames = (where: string) =>
  new ApiError('RequestEntityTooLarge', `${where} has more than ${namesMax} entries`);

/**
 * Before it is parsed, which takes longer than all else for a text of nothing but brackets and commas, or for one object
 * of many names.
 */
function boundValues(text: string): void {
  // No text that is shorter has too many of either.
  if (text.length < 2 * namesMax) return;
  let values = 1;
  // Of what is open: how many names it has, if it is an object.
  const open: number[] = [];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at + 1);
    else if (code === comma) {
      values++;
      // With one for the list itself, whose names managedFields repeats.
      if (++open[open.length - 1]! > namesMax + 1) throw tooManyNames('an object of the body');
    } else if (code === openBracket || code === openBrace) {
      if (open.push(code === openBrace ? 1 : Number.NEGATIVE_INFINITY) > depthMax) throw tooDeep();
      const next = text.charCodeAt(at + 1);
      if (next !== closeBracket && next !== closeBrace) values++;
    } else if (code === closeBracket || code === closeBrace) open.pop();
  }
  if (values > valuesMax) throw tooManyValues();
}

export const tooDeep = () => badRequest(`the object is nested deeper than ${depthMax} levels`);

/** Also bounds the depth, for all that walk the value after this. */
function countKeys(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth >= depthMax) throw tooDeep();
  let count = 0;
  if (Array.isArray(value)) for (const item of value) count += countKeys(item, depth + 1);
  else
    for (const key in value) {
      const inner = (value as Record<string, unknown>)[key];
      count += typeof inner === 'object' ? 1 + countKeys(inner, depth + 1) : 1;
    }
  return count;
}

/** Strings that a colon follows, in text that is known to be valid JSON. Bytes are read twice as fast as characters. */
function countMembers(text: string): number {
  const bytes = Buffer.from(text);
  let count = 0;
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] !== quote) continue;
    for (let code = bytes[++at]; code !== quote; code = bytes[++at]) if (code === backslash) at++;
    while (bytes[at + 1]! <= 32) at++;
    if (bytes[at + 1] === colon) count++;
  }
  return count;
}

const quote = 34;
const backslash = 92;
const colon = 58;
const comma = 44;
const openBracket = 91;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;

type Level = { keys: Set<string> | undefined; key: string; index: number };

/** One pass over text that is known to be valid JSON. */
function duplicateKeys(text: string): string[] {
  const duplicates: string[] = [];
  const stack: Level[] = [];
  let level: Level | undefined;
  let isKeyNext = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at + 1);
      if (isKeyNext && level?.keys) {
        const raw = text.slice(at + 1, end);
        level.key = raw.includes('\\') ? JSON.parse(`"${raw}"`) : raw;
        if (level.keys.has(level.key) && duplicates.length < duplicatesMax) duplicates.push(pathOf(stack));
        level.keys.add(level.key);
        isKeyNext = false;
      }
      at = end;
    } else if (code === openBrace || code === openBracket) {
      if (stack.length >= depthMax) throw tooDeep();
      isKeyNext = code === openBrace;
      level = { keys: isKeyNext ? new Set() : undefined, key: '', index: 0 };
      stack.push(level);
    } else if (code === closeBrace || code === closeBracket) {
      stack.pop();
      level = stack.at(-1);
      isKeyNext = false;
    } else if (code === comma && level) {
      if (level.keys) isKeyNext = true;
      else level.index++;
    }
  }
  return duplicates;
}

function pathOf(stack: Level[]): string {
  let path = '';
  for (const { keys, key, index } of stack) path += keys ? `${path === '' ? '' : '.'}${key}` : `[${index}]`;
  return path;
}

function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from); ; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 92) slashes++;
    if (end < 0 || slashes % 2 === 0) return end < 0 ? text.length : end;
  }
}
