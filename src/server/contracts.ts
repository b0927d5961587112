import type { IncomingMessage } from 'node:http';
import type { AdmissionAttributes } from '../api/admission-attributes.ts';
import type { KubernetesObject } from '../api/object.ts';
import type { PolicyRule } from '../api/rbac/rules.ts';
import type { Attributes, UserInfo } from '../api/user.ts';

/** What the server must be handed: none has a default, so that no caller leaves a step out without saying so. */
export type Defences = {
  /** Is this client address allowed at all? Asked before TLS. */
  allowConnection(remoteAddress: string): boolean;
  authenticate: Authenticator;
  authorize: Authorizer;
  /** In this order: first every `mutate`, then every `validate`. */
  admission: AdmissionPlugin[];
  audit: Audit;
  /** The rules a user holds in a namespace (everywhere: ''): for SelfSubjectRulesReview. */
  rulesFor(user: UserInfo, namespace: string): PolicyRule[];
  /** The status of a TokenReview; without audiences the server's own count. */
  reviewToken(token: string, audiences?: string[]): Promise<object>;
};

/**
 * Undefined: this authenticator does not know the credentials. Throws Unauthorized when they are known and bad. Whom a
 * certificate names is known at once.
 */
export type Authenticator = (credentials: Credentials) => UserInfo | undefined | Promise<UserInfo | undefined>;

export type Credentials = {
  /** The verified client certificate of the TLS connection, DER. */
  certificate: Uint8Array | undefined;
  bearerToken: string | undefined;
  remoteAddress: string;
  request: IncomingMessage | undefined;
};

export type Decision = { allowed: boolean /** Why, for the audit and the 403 message. */; reason: string };
export type Authorizer = (attributes: Attributes) => Decision;

/** What admission plugins are handed; those that mutate change `object` in place. */
export type AdmissionRequest = AdmissionAttributes & {
  lookup: Lookup;
  /** Adds a `Warning: 299` header to the response. */
  warn(message: string): void;
  /** Adds an annotation to the request's audit event. */
  annotate(key: string, value: string): void;
};

/** Refuses by throwing an ApiError (Forbidden or Invalid). */
export type AdmissionPlugin = {
  name: string;
  mutate?(request: AdmissionRequest): void | Promise<void>;
  validate?(request: AdmissionRequest): void | Promise<void>;
};

/**
 * Reads of the server's own defences (RBAC, admission): current, from memory, shared and frozen: never change what it
 * returns. `resource` is a resource name such as `roles.rbac.authorization.k8s.io`.
 */
export type Lookup = {
  get(resource: string, namespace: string, name: string): KubernetesObject | undefined;
  list(resource: string, namespace?: string): KubernetesObject[];
  /** Grows with every change under this resource: what is derived from it can be kept until then. */
  version(resource: string): number;
};

/** Protections that the API server itself enforces. */
export type ServerProtection = 'pod-security' | 'seccomp' | 'service-external-ips' | 'anonymous-access';
/** The mode that one of them is in right now; undefined: its closed default. Modes change while the server runs. */
export type ModeOf = (protection: ServerProtection, lookup: Lookup) => string | undefined;

export type AuditEvent = {
  auditID: string;
  stage: 'RequestReceived' | 'ResponseStarted' | 'ResponseComplete' | 'Panic';
  requestURI: string;
  verb: string;
  user: UserInfo;
  sourceIPs: string[];
  userAgent?: string;
  objectRef?: {
    resource: string;
    namespace?: string;
    name?: string;
    apiGroup?: string;
    apiVersion?: string;
    subresource?: string;
  };
  responseStatus?: { code: number; reason?: string };
  requestReceivedTimestamp: string;
  stageTimestamp: string;
  annotations?: Record<string, string>;
};
export type Audit = {
  /**
   * Throws ServiceUnavailable when what is done next could not be recorded: asked before every request. `reading` is a
   * request that changes nothing.
   */
  ready(reading?: boolean): void;
  /** The event is the audit's from now on: it is written later. */
  record(event: AuditEvent): void;
};
