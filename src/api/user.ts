/** Who asks, as authentication/v1 UserInfo. */
export type UserInfo = {
  username: string;
  uid?: string;
  groups: string[];
  extra?: Record<string, string[]>;
  /** Who acts as this user, by Impersonate headers; for the audit log only. */
  impersonatedBy?: UserInfo;
};

/** What is asked, as authorization/v1 SubjectAccessReview: a resource or, with `nonResourcePath`, a URL path. */
export type Attributes = {
  user: UserInfo;
  /** get, list, watch, create, update, patch, delete, deletecollection; for paths the HTTP method in lower case. */
  verb: string;
  group: string;
  version: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  nonResourcePath?: string;
  fieldSelector?: string;
  labelSelector?: string;
};
