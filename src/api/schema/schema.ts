/**
 * A structural schema in the form of apiextensions/v1 JSONSchemaProps: the one form of built-in kinds (expanded from
 * the generated facts) and of custom resources, so that both take the same path.
 */
export type Schema = {
  type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  format?: string;
  description?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  required?: string[];
  enum?: unknown[];
  default?: unknown;
  nullable?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  /** Strategic merge, built-in kinds only. */
  'x-kubernetes-patch-strategy'?: string;
  'x-kubernetes-patch-merge-key'?: string;
  /** Upstream's type holds it without a pointer: zero, false and the empty text are the same as nothing. */
  byValue?: boolean;
  /** Name of the definition this schema came from, such as `io.k8s.api.core.v1.PodSpec`: a built-in is a graph. */
  definition?: string;
};
