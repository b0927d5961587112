import { ApiError, badRequest } from '../status.ts';
import { yamlOptions } from '../yaml.ts';

/** Deeper than any honest object: a CustomResourceDefinition's schema reaches about 60. */
export const depthMax = 128;
/**
 * YAML takes a hundred times longer to parse than JSON, some texts many hundred times, and everybody else waits: this
 * much takes up to half a second. Clients rarely send it.
 */
const yamlLengthMax = 64 * 1024;
/** For each the whole document is searched. */
const aliasesMax = 20;
/** More findings than this help nobody, and bound the response. */
const duplicatesMax = 20;

export type Parsed = {
  value: unknown /** Paths of keys that were given twice: `spec.containers[0].image`. */;
  duplicates: string[];
};

/** JSON text to a value. Throws BadRequest. `findDuplicates` costs a second pass: JSON.parse keeps the last silently. */
export function parseJson(text: string, findDuplicates = true): Parsed {
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

/**
 * YAML text, read as kubectl reads it (which sends JSON; other clients apply YAML). Duplicates are found by the YAML parser itself.
 * Throws BadRequest and RequestEntityTooLarge; aliases are few, so that a small document cannot grow large.
 */
export async function parseYaml(text: string): Promise<Parsed> {
  if (text.trimStart().startsWith('{')) return parseJson(text);
  if (text.length > yamlLengthMax)
    throw new ApiError('RequestEntityTooLarge', `a YAML body may have ${yamlLengthMax} characters: send JSON instead`);
  if (nestsDeeply(text)) throw tooDeep();
  const { isAlias, isCollection, isMap, isScalar, parseDocument } = await import('yaml');
  try {
    const document = parseDocument(text, { ...yamlOptions, uniqueKeys: false, logLevel: 'error' });
    if (document.errors.length > 0) throw document.errors[0];
    const duplicates: string[] = [];
    let aliases = 0;
    const walk = (node: unknown, path: string, depth: number): void => {
      if (depth > depthMax) throw tooDeep();
      if (isAlias(node) && ++aliases > aliasesMax) throw badRequest(`YAML may have at most ${aliasesMax} aliases here`);
      if (!isCollection(node)) return;
      const seen = new Set<string>();
      node.items.forEach((item: any, index) => {
        if (!isMap(node)) {
          walk(item, `${path}[${index}]`, depth + 1);
          return;
        }
        const key = isScalar(item.key) ? String(item.key.value) : String(item.key);
        const here = path === '' ? key : `${path}.${key}`;
        if (seen.has(key) && duplicates.length < duplicatesMax) duplicates.push(here);
        seen.add(key);
        walk(item.key, here, depth + 1);
        walk(item.value, here, depth + 1);
      });
    };
    walk(document.contents, '', 0);
    return { value: document.toJS({ maxAliasCount: aliasesMax }), duplicates };
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw badRequest(`error converting YAML to JSON: ${(error as Error).message.slice(0, 500)}`, error);
  }
}

/** The parser recurses: brackets and indents are bounded before it sees them. */
function nestsDeeply(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1;
    if (depth > depthMax) return true;
  }
  // `- - - -` and `? ? ?` nest without an indent.
  return new RegExp(`(?:[-?] +){${depthMax}}`).test(text) || new RegExp(`^ {${depthMax * 8}}`, 'm').test(text);
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

/** Strings that a colon follows, in text that is known to be valid JSON. */
function countMembers(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) !== quote) continue;
    for (let code = text.charCodeAt(++at); code !== quote; code = text.charCodeAt(++at)) if (code === backslash) at++;
    while (text.charCodeAt(at + 1) <= 32) at++;
    if (text.charCodeAt(at + 1) === colon) count++;
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
