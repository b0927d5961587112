import { createHash } from 'node:crypto';
import type { Kind } from '../../api/kind.ts';
import { ApiError } from '../../api/status.ts';
import { declaredEnums } from '../../api/validation/enums.ts';
import { type Reply, valueReply } from '../context.ts';
import type { Kinds } from '../kinds.ts';
import type { PathContext } from '../paths.ts';
import { readDescriptions } from './descriptions.ts';
import { documentV2, documentV3 } from './document.ts';
import { encodeDocument } from './protobuf.ts';

type Made = { version: number; hashes: Map<string, string>; documents: Map<string, string | Buffer> };

/** Per set of kinds, until it changes. Documents are several hundred kB: only what was asked for is kept. */
const made = new WeakMap<Kinds, Made>();

function madeFor(kinds: Kinds): Made {
  const known = made.get(kinds);
  if (known !== undefined && known.version === kinds.version()) return known;
  const fresh: Made = { version: kinds.version(), hashes: new Map(), documents: new Map() };
  made.set(kinds, fresh);
  return fresh;
}

/** `/openapi/v3`, its documents per group and version, and `/openapi/v2` as JSON or protobuf. */
export function respondToOpenApi(context: PathContext): Reply | undefined {
  const { target, kinds, version } = context;
  const [, , which, ...rest] = target.path.split('/');
  if (which === 'v2' && rest.length === 0) return v2(context);
  if (which !== 'v3') return undefined;
  const groups = byGroupVersion(kinds);
  if (rest.length === 0) return valueReply({ paths: indexV3(kinds, groups) });
  const path = rest.join('/');
  const found = groups.get(path);
  if (found === undefined) return undefined;
  const { documents } = madeFor(kinds);
  const bytes = documents.get(path) ?? JSON.stringify(documentV3(found, path, version));
  documents.set(path, bytes);
  const etag = `"${digest(bytes)}"`;
  const fixed = target.query.has('hash');
  return cached(context, bytes, etag, 'application/json', fixed ? 'public, immutable' : 'no-cache, private');
}

/** `api/v1`, `apis/apps/v1`, each with its kinds. */
function byGroupVersion(kinds: Kinds): Map<string, Kind[]> {
  const groups = new Map<string, Kind[]>();
  for (const kind of kinds.all()) {
    const path = kind.group === '' ? `api/${kind.version}` : `apis/${kind.group}/${kind.version}`;
    groups.set(path, [...(groups.get(path) ?? []), kind]);
  }
  return groups;
}

/**
 * The hash stands for the document without making it: the kinds it holds, by name and schema, how they are described and
 * which values their fields may have. Clients keep what has one for good.
 */
function indexV3(kinds: Kinds, groups: Map<string, Kind[]>) {
  const { hashes } = madeFor(kinds);
  if (hashes.size === 0) {
    const described = digest(readDescriptions().source + JSON.stringify([...declaredEnums()]));
    for (const [path, found] of groups)
      hashes.set(path, digest(JSON.stringify([described, ...found.map((kind) => signature(kinds, kind))])));
  }
  const paths: Record<string, { serverRelativeURL: string }> = {};
  for (const [path, hash] of hashes) paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
  return paths;
}

/** Schemas of built-ins are expanded only when somebody asks for their document. */
const signature = (kinds: Kinds, kind: Kind) =>
  kinds.isBuiltIn(kind) ? [kind.kind, kind.verbs] : [kind.kind, kind.verbs, kind.schema];

const digest = (text: string | Buffer) => createHash('sha256').update(text).digest('hex').toUpperCase();

const protobufType = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
/** What is asked for is no valid media type because of its @; answers say it so (kube-openapi handler.go). */
const protobufAnswer = protobufType.replace('@', '.');

/** JSON for whoever takes it; kubectl asks for protobuf alone. */
function v2(context: PathContext): Reply {
  const { request, kinds, version } = context;
  const { accept } = request;
  const asProtobuf = accept !== '' && !/application\/json|\*\/\*/.test(accept);
  if (asProtobuf && !accept.includes(protobufType)) {
    const message = `only the following media types are accepted: application/json, ${protobufType}`;
    throw new ApiError('NotAcceptable', message);
  }
  const { documents } = madeFor(kinds);
  const name = asProtobuf ? 'v2 as protobuf' : 'v2';
  let bytes = documents.get(name);
  if (bytes === undefined) {
    const document = documentV2(kinds.all(), version);
    bytes = asProtobuf ? encodeDocument(document) : JSON.stringify(document);
    documents.set(name, bytes);
  }
  const contentType = asProtobuf ? protobufAnswer : 'application/json';
  return cached(context, bytes, `"${digest(bytes)}"`, contentType, 'no-cache, private');
}

function cached(
  { request }: PathContext,
  bytes: string | Buffer,
  etag: string,
  contentType: string,
  cache: string,
): Reply {
  const headers = { ETag: etag, Vary: 'Accept', 'Cache-Control': cache };
  const unchanged = request.ifNoneMatch === etag;
  return { code: unchanged ? 304 : 200, headers, body: { form: 'bytes', contentType, bytes: unchanged ? '' : bytes } };
}
