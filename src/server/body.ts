import { ApiError, badRequest } from '../api/status.ts';
import type { ServerRequest } from './request.ts';

/** As upstream's limit of a request body (etcd's 1.5 MiB times two). */
export const bodyBytesMax = 3 * 1024 * 1024;
const depthMax = 128;
/** YAML takes a hundred times longer to parse than JSON. */
const yamlLengthMax = 512 * 1024;

export type Body = { value: unknown /** Keys that were given twice, as `spec.replicas`. */; duplicates: string[] };

const mediaType = (contentType: string) => contentType.split(';')[0]!.trim().toLowerCase();

/** The decoded body of a write. Throws BadRequest, UnsupportedMediaType or RequestEntityTooLarge. */
export async function readBody(request: ServerRequest): Promise<Body> {
  if (request.decodedBody !== undefined) return { value: request.decodedBody, duplicates: [] };
  const type = mediaType(request.contentType);
  if (type === '' || type === 'application/json') return parseJson((await request.readBody()).toString());
  if (type === 'application/yaml') return parseYaml((await request.readBody()).toString());
  throw unsupported(type, ['application/json', 'application/yaml']);
}

export function unsupported(type: string, supported: string[]): ApiError {
  return new ApiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format (${type}) - accepted media types include: ${supported.join(', ')}`,
  );
}

export function parseJson(text: string): Body {
  if (text.length === 0) return { value: undefined, duplicates: [] };
  const duplicates = scan(text);
  try {
    return { value: JSON.parse(text), duplicates };
  } catch (error) {
    throw badRequest(`the body is not valid JSON: ${(error as Error).message}`, error);
  }
}

/** YAML 1.2 without tags and with few aliases, so that a small document cannot grow large. */
export async function parseYaml(text: string): Promise<Body> {
  if (text.trimStart().startsWith('{')) return parseJson(text);
  if (text.trim() === '') return { value: undefined, duplicates: [] };
  if (text.length > yamlLengthMax)
    throw new ApiError('RequestEntityTooLarge', `a YAML body may have ${yamlLengthMax} characters: send JSON instead`);
  const { parseDocument } = await import('yaml');
  try {
    const document = parseDocument(text, { uniqueKeys: false, version: '1.2', schema: 'core' });
    if (document.errors.length > 0) throw document.errors[0];
    const json = JSON.stringify(document.toJS({ maxAliasCount: 20 }));
    return parseJson(json ?? '');
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw badRequest(`the body is not valid YAML: ${(error as Error).message}`, error);
  }
}

const tooDeep = () => badRequest(`the body is nested deeper than ${depthMax} levels`);

const quote = 34;
const backslash = 92;

/** One pass over JSON text before it is parsed: bounds its depth and finds keys given twice in one object. */
function scan(text: string): string[] {
  const duplicates: string[] = [];
  const stack: (Set<string> | undefined)[] = [];
  const path: string[] = [];
  let expectKey = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      const end = endOfString(text, at + 1);
      const keys = stack.at(-1);
      if (expectKey && keys !== undefined) {
        const key = text.slice(at + 1, end);
        path[stack.length - 1] = key;
        if (keys.has(key))
          duplicates.push(
            path
              .slice(0, stack.length)
              .filter((part) => part !== '')
              .join('.'),
          );
        keys.add(key);
        expectKey = false;
      }
      at = end;
    } else if (code === 123 || code === 91) {
      if (stack.length >= depthMax) throw tooDeep();
      stack.push(code === 123 ? new Set() : undefined);
      path[stack.length - 1] = '';
      expectKey = code === 123;
    } else if (code === 125 || code === 93) {
      stack.pop();
      expectKey = false;
    } else if (code === 44) {
      expectKey = stack.at(-1) !== undefined;
    }
  }
  return duplicates;
}

function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from);
  for (;;) {
    if (end < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes++;
    if (slashes % 2 === 0) return end;
    end = text.indexOf('"', end + 1);
  }
}
