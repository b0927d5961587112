import type { Column, Kind } from '../../api/kind.ts';
import { apiVersionOf } from '../../api/kind.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { ApiError } from '../../api/status.ts';
import { tableColumns } from '../../api/table.ts';
import { type Format, notAcceptable } from './negotiate.ts';

/** What a response is shaped with: the format, and what `?includeObject=` asked for. */
export type Shape = { format: Format; includeObject: 'None' | 'Metadata' | 'Object'; nowMs: number };

export function includeObjectOf(query: URLSearchParams): Shape['includeObject'] {
  const asked = query.size === 0 ? '' : (query.get('includeObject') ?? '');
  if (asked === '') return 'Metadata';
  if (asked === 'None' || asked === 'Metadata' || asked === 'Object') return asked;
  throw new ApiError('BadRequest', `includeObject: Unsupported value: "${asked}": use None, Metadata or Object`);
}

type Definition = { name: string; type: string; format: string; description: string; priority: number };

function definitionOf({ name, type, format = '', description = '', priority = 0 }: Column): Definition {
  return { name, type, format, description, priority };
}

/** meta.k8s.io Table of these objects. Definitions are left out of all but the first event of a watch. */
export function tableOf(kind: Kind, objects: KubernetesObject[], metadata: object, shape: Shape, definitions = true) {
  const columns = tableColumns(kind);
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${shape.format.version}`,
    metadata,
    columnDefinitions: definitions ? columns.map(definitionOf) : null,
    rows: objects.map((object) => rowOf(columns, object, shape)),
  };
}

const rowOf = (columns: Column[], object: KubernetesObject, shape: Shape) => ({
  cells: columns.map((column) => cell(column, object, shape.nowMs)),
  object: embedded(object, shape),
});

/** One object that a column does not expect must not hide all others. */
function cell(column: Column, object: KubernetesObject, nowMs: number): unknown {
  try {
    return column.value(object, nowMs);
  } catch {
    return '<unknown>';
  }
}

function embedded(object: KubernetesObject, { includeObject, format }: Shape): object | undefined {
  if (includeObject === 'None') return undefined;
  return includeObject === 'Object' ? object : partialOf(object, format.version);
}

/** Metadata alone. */
export function partialOf({ metadata }: KubernetesObject, version = 'v1') {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata };
}

/** One object in the asked shape. Throws NotAcceptable for a table of what is never listed: a review. */
export function shapeObject(kind: Kind, object: KubernetesObject, shape: Shape): object {
  switch (shape.format.as) {
    case 'Table':
      if (!kind.verbs.includes('list')) throw notAcceptable();
      return tableOf(kind, [object], { resourceVersion: object.metadata.resourceVersion }, shape);
    case 'PartialObjectMetadata':
      return partialOf(object, shape.format.version);
    default:
      return object;
  }
}

/** A list in the asked shape that objects are added to; nothing is held of them but what it shows. */
export function startList(
  kind: Kind,
  metadata: object,
  shape: Shape,
): { list: object; add(object: KubernetesObject): void } {
  const { as, version } = shape.format;
  if (as === 'Table') {
    const table = tableOf(kind, [], metadata, shape);
    const columns = tableColumns(kind);
    return { list: table, add: (object) => table.rows.push(rowOf(columns, object, shape)) };
  }
  const items: object[] = [];
  if (as === undefined) {
    const list = { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata, items };
    return { list, add: (object) => items.push(object) };
  }
  const list = { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`, metadata, items };
  return { list, add: (object) => items.push(partialOf(object, version)) };
}
