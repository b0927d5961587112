import { parseJson, parseYaml } from '../api/schema/parse.ts';
import { ApiError } from '../api/status.ts';
import { copyJson } from '../foundation/json.ts';
import { decodeProtobuf, protobufType } from './protobuf/decode.ts';
import type { ServerRequest } from './request.ts';

/** As upstream's limit of a request body (etcd's 1.5 MiB times two). */
export const bodyBytesMax = 3 * 1024 * 1024;

/** `value` is the caller's own. `duplicates` are keys that were given twice, as `spec.replicas`. */
export type Body = { value: unknown; duplicates: string[] };

export const mediaType = (contentType: string) => contentType.split(';')[0]!.trim().toLowerCase();

/** The decoded body of a write; undefined when empty. Throws BadRequest, UnsupportedMediaType, RequestEntityTooLarge. */
export async function readBody(request: ServerRequest, strict = false): Promise<Body> {
  if (request.decodedBody !== undefined) return { value: copyJson(request.decodedBody), duplicates: [] };
  const type = mediaType(request.contentType);
  const bytes = await request.readBody();
  if (bytes.length === 0) return { value: undefined, duplicates: [] };
  if (type === '' || type === 'application/json') return parseJson(bytes.toString(), strict);
  if (type === 'application/yaml') return parseYaml(bytes.toString());
  if (type === protobufType) return { value: decodeProtobuf(bytes), duplicates: [] };
  throw unsupported(type, ['application/json', 'application/yaml', protobufType]);
}

export function unsupported(type: string, supported: string[]): ApiError {
  return new ApiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format (${type}) - accepted media types include: ${supported.join(', ')}`,
  );
}
