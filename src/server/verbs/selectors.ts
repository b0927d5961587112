import type { Kind } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { matchesRequirements, parseFieldSelector, parseLabelSelector } from '../../api/selectors.ts';
import { badRequest } from '../../api/status.ts';

type Matcher = (object: KubernetesObject) => boolean;

/**
 * The selectors of a list, watch or deletecollection: undefined when every object matches. Throws BadRequest for a
 * malformed selector or a field the kind cannot be selected by.
 */
export function readSelectors(kind: Kind, query: URLSearchParams): Matcher | undefined {
  if (query.size === 0) return undefined;
  const labels = labelMatcher(query.get('labelSelector') ?? '');
  const fields = fieldMatcher(kind, query.get('fieldSelector') ?? '');
  if (labels === undefined) return fields;
  return fields === undefined ? labels : (object) => labels(object) && fields(object);
}

function labelMatcher(selector: string): Matcher | undefined {
  const requirements = parseLabelSelector(selector);
  if (requirements.length === 0) return undefined;
  return ({ metadata }) => matchesRequirements(requirements, metadata.labels);
}

const metadataFields: Record<string, (object: KubernetesObject) => string> = {
  'metadata.name': ({ metadata }) => metadata.name,
  'metadata.namespace': ({ metadata }) => metadata.namespace ?? '',
};

function fieldMatcher(kind: Kind, selector: string): Matcher | undefined {
  const tests = parseFieldSelector(selector).map(({ field, operator, value }) => {
    const own = Object.hasOwn(kind.selectableFields, field) ? kind.selectableFields[field] : undefined;
    const read = Object.hasOwn(metadataFields, field) ? metadataFields[field] : own;
    if (read === undefined) throw badRequest(unknownField(kind, field));
    return (object: KubernetesObject) => (read(object) === value) === (operator === '=');
  });
  return tests.length === 0 ? undefined : (object) => tests.every((test) => test(object));
}

/** As upstream: kinds that are selected by their name only say so. */
const unknownField = ({ selectableFields }: Kind, field: string): string =>
  Object.keys(selectableFields).length > 0
    ? `field label not supported: ${field}`
    : `"${field}" is not a known field selector: only "metadata.name", "metadata.namespace"`;

/** `metadata.name=web` alone: the one object that is meant, so that nothing has to be searched. */
export function selectedName(query: URLSearchParams): string | undefined {
  return /^metadata\.name==?([^\s,=!\\/]+)$/.exec(query.get('fieldSelector') ?? '')?.[1];
}
