import { load } from 'js-yaml';
import { kubectlSchema } from '../../api/yaml-schema.ts';
import { isObject } from '../../foundation/json.ts';

/**
 * Most manifests use a small part of YAML. For that part this reader says the same as the thorough one (documents.ts)
 * in a tenth of the time; a test holds both against each other. What could be read in two ways is left to the other.
 */
const special = [
  // Anchors, aliases, tags and complex keys begin a token; merge keys and directives begin a line.
  /(?:^|[\s[{,])[&*!?]/,
  /(?:^|[\s{,])<</,
  /^%/m,
  // Tabs, other ends of lines and marks of the byte order are read differently.
  /[\t\r\u0085\u2028\u2029\ufeff]/,
  // Brackets that something follows.
  /[\]}](?![ ]*(?:$|[,:\]}])|[ ]+#)/m,
  // A text that begins below a remark.
  /^[ ]*#[^\n]*\n[ ]+[^-\s#][^:\n]*$/m,
  // A document that begins or ends within a line.
  /^---(?:[ ]*[^\s#]|#)/m,
  /^ +---/m,
  // Lines of nothing but spaces, which may belong to a text.
  /^ +$/m,
  // Quotes that are not closed on their line, or that something follows.
  /(?:^|[\s[{,])(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*')(?![ ]*(?:$|[,:\]}])|[ ]+#)/m,
  /(?:^|[\s[{,])(?:"(?:[^"\\\n]|\\.)*|'(?:[^'\n]|'')*)$/m,
  /^\.\.\./m,
  // A key that is not there, or that is no scalar; a list on the line of its key.
  /(?:^|[\s[{,]):(?:\s|$)/m,
  /:[ ]+-(?:\s|$)/m,
  // Numbers beyond what a double holds.
  /[eE][-+]?\d{3}/,
];

/** Longer ones are rare, and the patterns above are tried on all of them. */
const lengthMax = 256 * 1024;
/** Deeper ones, long before any bound, are for the thorough reader to judge. */
const depthMax = 50;

/** The value of one document; undefined where the thorough reader must decide, also about errors. */
export function readPlain(text: string): { value: unknown } | undefined {
  if (text.length > lengthMax) return undefined;
  if (special.some((pattern) => pattern.test(text)) || '{['.includes(text[beginOf(text)] ?? '{')) return undefined;
  try {
    const value = load(text, { schema: kubectlSchema, maxDepth: depthMax });
    return isObject(value) ? { value } : undefined;
  } catch {
    return undefined;
  }
}

/** Where the first key of such a document stands. */
export const beginOf = (text: string): number => /^(?:(?:---[^\n]*|[ ]*(?:#[^\n]*)?)\n)*[ ]*/.exec(text)![0].length;
