/** One problem of one field, as in metav1.StatusCause: `field` is a path such as `spec.containers[0].image`. */
export type FieldError = { reason: FieldErrorReason; field: string; message: string };

/** https://github.com/kubernetes/apimachinery, field.ErrorType: the reasons that clients know. */
type FieldErrorReason =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'InternalError';

export type StatusDetails = {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: { reason?: string; message?: string; field?: string }[];
  retryAfterSeconds?: number;
};

/** metav1.Status: what every failed request is answered with. */
export type Status = {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: object;
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
};

/** HTTP code of each metav1.StatusReason. */
export const codes = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

export type Reason = keyof typeof codes;

/** The one error that carries a Kubernetes reason; anything else that is thrown is answered as InternalError. */
export class ApiError extends Error {
  readonly reason: Reason;
  readonly code: number;
  readonly details: StatusDetails | undefined;

  /** `options.code`: where upstream answers with another one than that of the reason. */
  constructor(reason: Reason, message: string, details?: StatusDetails, options?: ErrorOptions & { code?: number }) {
    super(message, options);
    this.name = 'ApiError';
    this.reason = reason;
    this.code = options?.code ?? codes[reason];
    this.details = details;
  }

  toStatus(): Status {
    const { message, reason, code, details } = this;
    return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, details, code };
  }
}

/** Nothing can be made in a namespace that is being deleted (admission of NamespaceLifecycle). */
export const isNamespaceEnding = (error: unknown): boolean =>
  error instanceof ApiError && error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') === true;

/** What an error is about, by its resource: `group` is empty for the core group. */
type NamedResource = { group: string; resource: string; name?: string };

const qualified = ({ group, resource }: NamedResource) => (group === '' ? resource : `${resource}.${group}`);
const detailsOf = ({ group, resource, name }: NamedResource): StatusDetails => ({
  name,
  group: group || undefined,
  kind: resource,
});

export function notFound(named: NamedResource): ApiError {
  return new ApiError('NotFound', `${qualified(named)} "${named.name}" not found`, detailsOf(named));
}

export function alreadyExists(named: NamedResource): ApiError {
  return new ApiError('AlreadyExists', `${qualified(named)} "${named.name}" already exists`, detailsOf(named));
}

export function conflict(named: NamedResource, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(named)} "${named.name}": ${why}`;
  return new ApiError('Conflict', message, detailsOf(named));
}

export function forbidden(named: NamedResource, why: string): ApiError {
  return new ApiError('Forbidden', `${qualified(named)} "${named.name ?? ''}" is forbidden: ${why}`, detailsOf(named));
}

/** `kind` is the object's kind ("Pod"), as clients print it: `Pod "web" is invalid: spec.x: Required value`. */
export function invalid(kind: string, group: string, name: string, errors: FieldError[]): ApiError {
  const list = errors.map(({ field, message }) => `${field}: ${message}`);
  const text = list.length === 1 ? list[0] : `[${list.join(', ')}]`;
  const qualifiedKind = group === '' ? kind : `${kind}.${group}`;
  return new ApiError('Invalid', `${qualifiedKind} "${name}" is invalid: ${text}`, {
    name: name || undefined,
    group: group || undefined,
    kind,
    causes: errors.map(({ reason, field, message }) => ({ reason, field, message })),
  });
}

export const badRequest = (message: string, cause?: unknown) =>
  new ApiError('BadRequest', message, undefined, { cause });
