import type { Column, Kind, ScalePaths, Subresource, Verb } from './kind.ts';
import type { KubernetesObject } from './object.ts';
import { definition, definitionNameOf } from './schema/definitions.ts';
import type { Schema } from './schema/schema.ts';
import type { FieldError } from './status.ts';
import { errorsOf } from './validation/errors.ts';
import { validateMetadata, validateMetadataUpdate } from './validation/metadata.ts';
import { dnsSubdomain, type NameCheck } from './validation/names.ts';
import { missingStrings } from './validation/required.ts';

export const allVerbs: Verb[] = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];

/** What a file of `kinds/` says; everything else follows from the facts. `T` is the generated type. */
export type Declaration<T> = {
  group?: string;
  version?: string;
  kind: string;
  resource: string;
  shortNames?: string[];
  categories?: string[];
  /** False for kinds of the whole cluster. */
  namespaced?: boolean;
  verbs?: Verb[];
  createdByUpdate?: boolean;
  updatedByVersion?: boolean;
  /** As the kind has a spec when left out. */
  hasGeneration?: boolean;
  returnsDeleted?: boolean;
  orphansDependents?: boolean;
  /** Is there a status subresource? As the facts have it when left out. */
  status?: boolean;
  /** Nodes bring their status along when they register. */
  keepsStatusOnCreate?: boolean;
  scale?: ScalePaths;
  subresources?: Subresource[];
  /** Paths such as `spec.nodeName`, or functions where the path does not tell. */
  selectableFields?: (string | [string, (object: T) => string])[];
  columns?: ColumnOf<T>[];
  /** `columns` is the whole table, with Name and Age where this kind has them. */
  wholeTable?: boolean;
  name?: NameCheck;
  /** Finalizers need no domain, as of kinds that are older than the rule or come from another server upstream. */
  anyFinalizer?: boolean;
  /** Of kinds that are our own; the facts have all others. */
  schema?(): Schema;
  defaults?(object: T): void;
  prepareCreate?(object: T): void;
  prepareUpdate?(object: T, old: T): void;
  /** Metadata and required strings are validated for all kinds. */
  validate?(object: T, old: T | undefined, subresource: string): FieldError[];
  validateStatus?(object: T, old: T): FieldError[];
  warnings?(object: T, old: T | undefined): readonly string[];
  deprecation?: string;
  storedAs?: Kind['storedAs'];
};
export type ColumnOf<T> = Omit<Column, 'value'> & {
  value(object: T, nowMs: number): string | number | boolean | null | undefined;
};

/** Makes the Kind of a declaration. Throws when the facts do not know it: declarations are constants. */
export function defineKind<T = KubernetesObject>(declaration: Declaration<T>): Kind {
  const {
    group = '',
    version = 'v1',
    kind,
    namespaced = true,
    name = dnsSubdomain,
    anyFinalizer = false,
  } = declaration;
  const definitionName = definitionNameOf(group, version, kind);
  const expand = declaration.schema ?? (definitionName ? () => definition(definitionName) : undefined);
  if (!expand) throw new Error(`facts.json has no ${group}/${version} ${kind}`);
  const hooks = declaration as unknown as Declaration<KubernetesObject>;
  let schema: Schema | undefined;
  const schemaOf = () => {
    schema ??= expand();
    return schema;
  };
  const hasStatus = declaration.status ?? false;
  return {
    group,
    version,
    kind,
    resource: declaration.resource,
    singular: kind.toLowerCase(),
    shortNames: declaration.shortNames ?? [],
    categories: declaration.categories ?? [],
    namespaced,
    verbs: declaration.verbs ?? allVerbs,
    ...(declaration.createdByUpdate ? { createdByUpdate: true } : {}),
    ...(declaration.updatedByVersion ? { updatedByVersion: true } : {}),
    ...(declaration.orphansDependents ? { orphansDependents: true } : {}),
    ...(declaration.returnsDeleted ? { returnsDeleted: true } : {}),
    get hasGeneration() {
      return declaration.hasGeneration ?? schemaOf().properties?.['spec'] !== undefined;
    },
    // Expanded when first asked for: most kinds of most clusters have no object.
    get schema() {
      return schemaOf();
    },
    selectableFields: Object.fromEntries((declaration.selectableFields ?? []).map(selectableField)) as any,
    subresources: {
      status: hasStatus,
      ...(declaration.scale ? { scale: declaration.scale } : {}),
      others: declaration.subresources ?? [],
    },
    columns: (declaration.columns ?? []).map((column) => ({
      ...column,
      value: (object, nowMs) => column.value(object as T, nowMs) ?? null,
    })),
    ...(declaration.wholeTable ? { wholeTable: true } : {}),
    defaults: (object) => hooks.defaults?.(object),
    prepareCreate(object) {
      if (hasStatus && !declaration.keepsStatusOnCreate) object.status = {};
      hooks.prepareCreate?.(object);
    },
    prepareUpdate(object, old) {
      if (hasStatus) keepStatus(object, old);
      hooks.prepareUpdate?.(object, old);
    },
    validate: (object, old, subresource = '') =>
      errorsOf(() => {
        const errors = [
          ...validateMetadata(object.metadata, { namespaced, name, anyFinalizer }),
          ...(old ? validateMetadataUpdate(object, old) : []),
          ...(hooks.validate?.(object, old, subresource) ?? []),
        ];
        const missing = missingStrings(schemaOf(), object);
        if (missing.length === 0) return errors;
        const judged = new Set(errors.map(({ field }) => field));
        return [...errors, ...missing.filter(({ field }) => !judged.has(field))];
      }),
    validateStatus: (object, old) =>
      errorsOf(() => [...validateMetadataUpdate(object, old), ...(hooks.validateStatus?.(object, old) ?? [])]),
    ...(hooks.warnings ? { warnings: (object, old) => hooks.warnings!(object, old) } : {}),
    ...(declaration.deprecation ? { deprecation: declaration.deprecation } : {}),
    ...(declaration.storedAs ? { storedAs: declaration.storedAs } : {}),
  };
}

function keepStatus(object: KubernetesObject, old: KubernetesObject): void {
  if (old.status === undefined) delete object.status;
  else object.status = old.status;
}

function selectableField(field: string | [string, (object: any) => string]) {
  if (typeof field !== 'string') return field;
  const keys = field.split('.');
  return [field, (object: any) => String(keys.reduce((value, key) => value?.[key], object) ?? '')];
}
