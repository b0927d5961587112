import type { Kind } from './kind.ts';
import type { KubernetesObject } from './object.ts';
import type { UserInfo } from './user.ts';

/** What admission is asked about, in the words of admission/v1 AdmissionRequest. */
export type AdmissionAttributes = {
  operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  kind: Kind;
  subresource: string;
  namespace: string;
  name: string;
  /** As it would be stored; undefined on deletes. */
  object: KubernetesObject | undefined;
  /** As it is stored; undefined on creates. */
  oldObject: KubernetesObject | undefined;
  user: UserInfo;
  dryRun: boolean;
};
