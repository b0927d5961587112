import type { KubernetesObject } from '../api/object.ts';
import type { PatchOperation } from '../api/pod-security/mend.ts';
import type { PodSecurityPolicy } from '../api/pod-security/pod-security.ts';
import type { FieldPath } from './field.ts';
import type { Snapshot } from './snapshot/snapshot.ts';

export type { PatchOperation } from '../api/pod-security/mend.ts';

/** An object of any kind: as somebody wrote it, not defaulted, or as a cluster has it. */
export type Manifest = KubernetesObject;

/** Where an object was read; absent for objects of a live cluster. Lines count from 1. */
export type Origin = {
  file: string;
  document: number;
  /** The document has aliases, so --fix leaves it to a person. */
  hasAliases?: boolean;
  lineOf(field: (string | number)[]): number;
};

/** An object that checks judge. */
export type JudgedObject = {
  object: Manifest;
  origin?: Origin;
  /** What controllers made of it; it is judged, too, and only tells what its owner does not say already. */
  made?: Manifest[];
  /** The one check by which it is judged: it does not live, but would be applied again. */
  only?: string;
};

export const levels = ['perimeter', 'image', 'cluster', 'patch'] as const;
export type Level = (typeof levels)[number];

/** Ascending. */
export const severities = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** What is wrong at one field. `patch` (RFC 6902) is a proposal: nobody shows it before it was judged again. */
export type Finding = {
  field: FieldPath;
  reason: string;
  detail: string;
  patch?: PatchOperation[];
  /** Where it differs from the check's own. */
  severity?: Severity;
};

export type Verdict =
  | { verdict: 'pass' }
  | { verdict: 'fail'; findings: Finding[] }
  | { verdict: 'not applicable' }
  | { verdict: 'not assessed'; why: string };

/** Something that got no verdict. `check` absent: no check at all could judge it. */
export type Unassessed = { what: string; why: string; file?: string; line?: number; check?: string };

/**
 * What a check may know besides the object: the snapshot by `of` and `get`, which remember what was asked. A verdict that
 * rests on a kind that could not be read becomes `not assessed`; who can decide without it asks `whyUnread` first.
 */
export type JudgeContext = Pick<
  Snapshot,
  'source' | 'closedByDefault' | 'takenAtMs' | 'minor' | 'of' | 'get' | 'unread' | 'whyUnread'
> & {
  podSecurity: PodSecurityPolicy;
  /** Why policies that are not evaluated may also decide who connects to pods of a namespace; undefined: there are none. */
  otherPolicies(namespace: string): string | undefined;
};

/** A pure function with its meaning. One per file; docs/recipes/add-a-check.md. */
export type Check = {
  id: string;
  level: Level;
  severity: Severity;
  /** What is right when it passes, as a short sentence. */
  title: string;
  /** `Pod`, `Deployment.apps`; `*` for every object of any kind. */
  kinds: string[];
  why: string;
  mend: string;
  /** Items of CIS Kubernetes benchmark 1.12 (`CIS 5.2.2`) and headings of the NSA/CISA guidance (`NSA pod security`). */
  benchmark: string[];
  /** Each manifest is judged beside the others of its own list entry: `[object, ...the rest]`. */
  examples: { pass: Manifest[][]; fail: Manifest[][] };
  judge(object: Manifest, context: JudgeContext): Verdict;
};

export const pass: Verdict = { verdict: 'pass' };
export const notApplicable: Verdict = { verdict: 'not applicable' };
export const notAssessed = (why: string): Verdict => ({ verdict: 'not assessed', why });
/** Fails when there are findings. */
export const failOn = (findings: Finding[]): Verdict => (findings.length === 0 ? pass : { verdict: 'fail', findings });
