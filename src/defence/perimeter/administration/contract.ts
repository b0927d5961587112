import type { Severity } from '../../contract.ts';
import type { ObjectRef } from '../../object-ref.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';

/** How the one who asks reaches the API, from his kubeconfig; no keys. */
export type Endpoint = {
  /** `https://203.0.113.7:6443` */
  server: string;
  insecureSkipTlsVerify: boolean;
  credential: { type: 'certificate'; expiresMs: number; fromMs: number; groups: string[] } | { type: 'token' | 'none' };
};

export type AdministrationContext = { snapshot: Snapshot; endpoint: Endpoint | undefined; nowMs: number };

/** A verdict on one part of the cluster's administration, in the words of checks. */
export type AdministrationVerdict = {
  verdict: 'pass' | 'fail' | 'not applicable' | 'not assessed';
  why: string;
  /** The objects that show it. */
  by: ObjectRef[];
  /** Where it differs from the check's own. */
  severity?: Severity;
};

/** What is right about how a cluster is administered. It judges the cluster, not one object. */
export type AdministrationCheck = {
  id: string;
  severity: Severity;
  title: string;
  mend: string;
  benchmark: string[];
  judge(context: AdministrationContext): AdministrationVerdict[];
};

export const pass = (why: string, by: ObjectRef[] = []): AdministrationVerdict => ({ verdict: 'pass', why, by });
export const fail = (why: string, by: ObjectRef[] = []): AdministrationVerdict => ({ verdict: 'fail', why, by });
export const notAssessed = (why: string): AdministrationVerdict => ({ verdict: 'not assessed', why, by: [] });

/** The reason why a kind was not read, as a verdict. */
export const unread = (snapshot: Snapshot, ...kinds: string[]): AdministrationVerdict[] =>
  kinds.flatMap((kind) => {
    const why = snapshot.whyUnread(kind);
    return why === undefined ? [] : [notAssessed(`${kind}: ${why}`)];
  });
