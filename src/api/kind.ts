import type { KubernetesObject } from './object.ts';
import type { Schema } from './schema/schema.ts';
import type { FieldError } from './status.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection';

/** A column of kubectl's table (metav1.TableColumnDefinition); `priority` above 0 shows only with `-o wide`. */
export type Column = {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  format?: string;
  description?: string;
  priority?: number;
  /** `nowMs` is for ages, which kubectl shows as the server formats them. */
  value(object: KubernetesObject, nowMs: number): string | number | boolean | null;
};

/**
 * Paths of the scale subresource, as in a CustomResourceDefinition: `.spec.replicas`. `labelSelector` leads to a text in
 * custom resources, to a LabelSelector or plain labels in built-in kinds.
 */
export type ScalePaths = { specReplicas: string; statusReplicas: string; labelSelector?: string };

/** A subresource that is not `status` or `scale`, as discovery shows it: `{ name: 'exec', kind: 'PodExecOptions', … }`. */
export type Subresource = { name: string; group?: string; version?: string; kind: string; verbs: string[] };

/**
 * What exists: one value per kind, made in a file for the built-ins and at run time for custom resources. Hooks are
 * synchronous, pure functions of the objects given; `defaults` and the two `prepare` hooks change their first argument.
 */
export type Kind = {
  group: string;
  version: string;
  kind: string;
  /** Plural in lower case, as in URLs. */
  resource: string;
  singular: string;
  shortNames: string[];
  categories: string[];
  namespaced: boolean;
  /** Only `create` for questions such as TokenReview, which the server answers itself and never stores. */
  verbs: Verb[];
  /** A PUT to a name that does not exist creates it, for whoever may create (upstream's AllowCreateOnUpdate). */
  createdByUpdate?: boolean;
  /** An update must say which version it was made of (upstream: no AllowUnconditionalUpdate). */
  updatedByVersion?: boolean;
  /** Does `metadata.generation` count the changes of what is wished for? */
  hasGeneration: boolean;
  /** A delete answers with the object that is gone, not with a Status (upstream's ReturnDeletedObject). */
  returnsDeleted?: boolean;
  /** A delete that says nothing of dependents leaves them alone (upstream's DefaultGarbageCollectionPolicy). */
  orphansDependents?: boolean;
  schema: Schema;
  /** Fields of `fieldSelector` besides metadata.name and metadata.namespace. */
  selectableFields: Record<string, (object: KubernetesObject) => string>;
  subresources: { status: boolean; scale?: ScalePaths; others: Subresource[] };
  /** Columns after Name and before Age, which are added for all. */
  columns: Column[];
  /** `columns` is the whole table: Name and Age are in it where this kind has them, and nothing is added. */
  wholeTable?: boolean;
  /** Fills what the API documents as defaults. Runs on every write, on the whole object. */
  defaults(object: KubernetesObject): void;
  /** Before a create is validated: clears what a client may not set (status). */
  prepareCreate(object: KubernetesObject): void;
  /** Before an update of the main resource: keeps the old status; the server itself raises `generation`. */
  prepareUpdate(object: KubernetesObject, old: KubernetesObject): void;
  /**
   * Everything wrong with the object; `old` is given on updates, for immutable fields and transitions. `subresource` is
   * the one that is written through when it is neither empty nor `status`: each has fields of its own that may change.
   */
  validate(object: KubernetesObject, old?: KubernetesObject, subresource?: string): FieldError[];
  /** As `validate`, for an update of the status subresource. */
  validateStatus(object: KubernetesObject, old: KubernetesObject): FieldError[];
  /** What of a valid object works otherwise than it seems, or will not for long: clients show it to people. */
  warnings?(object: KubernetesObject, old?: KubernetesObject): readonly string[];
  /** Said with every answer about a kind that has a successor. */
  deprecation?: string;
  /**
   * Another version of a kind that is stored elsewhere (events.k8s.io Event is stored as core Event, autoscaling/v1
   * as v2): objects are converted on the way in and out, and watches see both.
   */
  storedAs?: {
    group: string;
    version: string;
    resource: string;
    toStored(object: KubernetesObject): KubernetesObject;
    fromStored(object: KubernetesObject): KubernetesObject;
  };
};

/** `deployments.apps`, `pods`: how a kind is named in roles, controllers and errors (metav1.GroupResource). */
export const resourceName = ({ group, resource }: Pick<Kind, 'group' | 'resource'>): string =>
  group === '' ? resource : `${resource}.${group}`;

/** `apps/v1`, `v1`. */
export const apiVersionOf = ({ group, version }: Pick<Kind, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;
