import { ApiError } from '../../api/status.ts';

/** How a client wants its answer. `as` asks for another shape of the objects. */
export type Format = {
  encoding: 'json' | 'yaml';
  as: 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList' | undefined;
  /** Of meta.k8s.io: v1 or v1beta1. */
  version: string;
};

export const plainJson: Format = { encoding: 'json', as: undefined, version: 'v1' };
const shapes = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);

/** Clients send a handful of Accept headers over and over. */
const known = new Map<string, Format>();
const knownMax = 200;

/** The first entry of the Accept list that can be served. Throws NotAcceptable when there is none. */
export function negotiate(accept: string): Format {
  const remembered = known.get(accept);
  if (remembered !== undefined) return remembered;
  const format = choose(accept);
  if (known.size < knownMax && accept.length < 1000) known.set(accept, format);
  return format;
}

function choose(accept: string): Format {
  if (accept.trim() === '') return plainJson;
  for (const part of accept.split(',')) {
    const { type, parameters } = parse(part);
    const encoding = encodingOf(type);
    if (encoding === undefined) continue;
    const as = parameters.get('as');
    if (as === undefined || parameters.get('g') === 'apidiscovery.k8s.io') {
      if (as === undefined) return encoding === 'json' ? plainJson : { ...plainJson, encoding };
      continue;
    }
    const version = parameters.get('v') ?? 'v1';
    if (!shapes.has(as) || parameters.get('g') !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(version)) continue;
    return { encoding, as: as as Format['as'], version };
  }
  throw notAcceptable();
}

export const notAcceptable = () =>
  new ApiError('NotAcceptable', 'only the following media types are accepted: application/json, application/yaml');

function encodingOf(type: string): Format['encoding'] | undefined {
  if (type === 'application/json' || type === '*/*' || type === 'application/*') return 'json';
  return type === 'application/yaml' ? 'yaml' : undefined;
}

/** `application/json;as=Table;v=v1` in its parts. */
export function parse(part: string): { type: string; parameters: Map<string, string> } {
  const [type = '', ...rest] = part.split(';').map((word) => word.trim());
  const parameters = new Map(
    rest.map((word) => {
      const at = word.indexOf('=');
      return [word.slice(0, at).trim(), word.slice(at + 1).trim()] as const;
    }),
  );
  return { type: type.toLowerCase(), parameters };
}
