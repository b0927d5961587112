import { eventsToAst, load, type Node, parseEvents, YAMLException } from 'js-yaml';
import { ApiError, badRequest } from '../status.ts';
import { kubectlSchema as schema } from '../yaml-schema.ts';
import { depthMax, duplicatesMax, type Parsed, tooDeep } from './parse.ts';

/** YAML takes many times longer to read than JSON, and everybody else waits. */
const lengthMax = 64 * 1024;
const aliasesMax = 20;
/** What aliases stand for is counted each time: a few that stand for each other make a small document huge. */
const expandedMax = 16 * lengthMax;

/**
 * A YAML document, read as kubectl reads it (which sends JSON; other clients apply YAML), with the paths of keys that
 * were given twice, of which the last one counts. Throws BadRequest, and RequestEntityTooLarge for more than 64 Ki characters.
 */
export function parseYaml(text: string): Parsed {
  if (text.length > lengthMax)
    throw new ApiError('RequestEntityTooLarge', `a YAML body may have ${lengthMax} characters: send JSON instead`);
  try {
    return { value: read(text, false), duplicates: [] };
  } catch (error) {
    if (!isDuplicate(error)) throw unreadable(error);
  }
  try {
    return { value: read(text, true), duplicates: duplicateKeys(text) };
  } catch (error) {
    throw unreadable(error);
  }
}

/** `json`: as in JSON, the last of several equal keys wins. */
function read(text: string, json: boolean): unknown {
  const value = load(text, { schema, json, maxDepth: depthMax, maxAliases: aliasesMax });
  if (text.includes('*')) weigh(value, 0, 0);
  return value;
}

/** The characters and values of what was read, added to `before`; what contains itself is too deep. */
function weigh(value: unknown, before: number, depth: number): number {
  if (depth >= depthMax) throw tooDeep();
  let weight = before + (typeof value === 'string' ? value.length : 1);
  if (typeof value === 'object' && value !== null)
    for (const [key, inner] of Object.entries(value)) weight = weigh(inner, weight + key.length, depth + 1);
  if (weight > expandedMax) throw badRequest(`aliases make this YAML longer than ${expandedMax} characters`);
  return weight;
}

const isDuplicate = (error: unknown): boolean => error instanceof YAMLException && /duplicated/.test(error.reason);

function unreadable(error: unknown): unknown {
  if (!(error instanceof YAMLException)) return error;
  const { reason, mark } = error;
  if (/maxDepth/.test(reason)) return tooDeep();
  if (/maxAliases/.test(reason)) return badRequest(`YAML may have at most ${aliasesMax} aliases here`);
  const place = mark === undefined ? '' : `line ${mark.line + 1}: `;
  return badRequest(`error converting YAML to JSON: ${place}${reason.slice(0, 500)}`, error);
}

function duplicateKeys(text: string): string[] {
  const duplicates: string[] = [];
  const walk = (node: Node, path: string): void => {
    if (node.kind === 'sequence') for (const [index, item] of node.items.entries()) walk(item, `${path}[${index}]`);
    if (node.kind !== 'mapping') return;
    const seen = new Set<string>();
    for (const { key, value } of node.items) {
      const name = key.kind === 'scalar' ? key.value : '';
      const here = path === '' ? name : `${path}.${name}`;
      if (seen.has(name) && duplicates.length < duplicatesMax) duplicates.push(here);
      seen.add(name);
      walk(value, here);
    }
  };
  const [document] = eventsToAst(parseEvents(text, { maxDepth: depthMax }), { source: text, schema });
  if (document?.contents) walk(document.contents, '');
  return duplicates;
}
