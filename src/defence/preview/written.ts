import { isExempt } from '../../api/admission-policy/match.ts';
import type { ParamSource } from '../../api/admission-policy/params.ts';
import type { PreviewedObject } from '../../api/admission-policy/preview.ts';
import type { Kind } from '../../api/kind.ts';
import type { ParamKind } from '../../api/schema/types.d.ts';
import { isOver } from '../../policy/policy.ts';
import type { Manifest } from '../contract.ts';
import { kindName, kindNameOf, refKey, refOf } from '../object-ref.ts';
import { ownersOf, willRun } from '../snapshot/owners.ts';
import { type Change, changedRef, type Snapshot } from '../snapshot/snapshot.ts';
import { isMirror, podOf } from '../workload.ts';
import { type Candidate, candidatesOf, madeBetween, namespaceNamed } from './candidates.ts';
import type { ImpactSubject } from './impact.ts';
import { kindNamed } from './merge.ts';

/** Somebody writes this object, or a controller makes this pod. */
export type Written = PreviewedObject & {
  subject: Extract<ImpactSubject, { ref: object }>;
  isChanged: boolean;
  /** Of a pod. */
  candidate?: Candidate;
  /** What the subject makes, and what then makes its pods. */
  isBetween?: true;
};

/**
 * Of what a controller makes on the way to its pods only what it will make is written: not what it made from an earlier
 * template. What a controller of another kind keeps is judged as it lives, since of that one nothing is known.
 */
export function writtenIn(after: Snapshot, before: Snapshot, changed: Set<string>): Written[] {
  const namespaceOf = (object: Manifest) => namespaceNamed(after, object.metadata.namespace ?? '');
  const describe = (object: Manifest, kind: Kind, subject: Written['subject']): Written[] => {
    const isChanged = changed.has(refKey(refOf(object)));
    const old = isChanged ? before.get(refOf(object)) : object;
    const made = { subject, object, pod: object, pointer: '', live: 1 };
    const candidate = kind.kind === 'Pod' ? { candidate: made as Candidate } : {};
    const common = { kind, object, namespaceObject: namespaceOf(object), subject, isChanged, ...candidate };
    const create: Written = { ...common, operation: 'CREATE' };
    return old === undefined
      ? [create]
      : [...(isChanged ? [] : [create]), { ...common, operation: 'UPDATE', oldObject: old }];
  };
  const owners = ownersOf(after);
  const objects = after.objects.flatMap((object) => {
    const kind = kindNamed(kindName(object));
    if (kind === undefined || isExempt(kind) || kind.kind === 'Secret' || isMirror(object)) return [];
    if (podOf(object) !== undefined && owners.topOf(object) !== object) return [];
    const isTemplate = kind.kind !== 'Pod' && podOf(object) !== undefined;
    return describe(object, kind, { type: isTemplate ? 'template' : 'object', ref: refOf(object) });
  });
  const pods = candidatesOf(after, () => true).flatMap((candidate): Written[] => {
    const { pod, subject, pointer, object } = candidate;
    if (pointer === '') return [];
    const isChanged = changed.has(refKey(refOf(object)));
    const asked = { kind: kindNamed('Pod')!, object: pod, namespaceObject: namespaceOf(object) };
    return [{ ...asked, operation: 'CREATE', subject, isChanged, candidate }];
  });
  const between = owners.controllers.filter(willRun).flatMap((object): Written[] => {
    const made = madeBetween(object);
    if (made === undefined) return [];
    const isChanged = changed.has(refKey(refOf(object)));
    const subject = { type: 'template' as const, ref: refOf(object) };
    const asked = { kind: kindNamed(kindName(made))!, object: made, namespaceObject: namespaceOf(object) };
    const create: Written = { ...asked, operation: 'CREATE', subject, isChanged, isBetween: true };
    return [create, { ...create, operation: 'UPDATE', oldObject: made }];
  });
  return [...objects, ...between, ...pods];
}

/**
 * Of each controller that stays as it is the pod that it made last, as if it were made now: it shows what a template does
 * not, as the volume of its token and what webhooks changed.
 */
export function livingIn(after: Snapshot, changed: Set<string>): Written[] {
  const owners = ownersOf(after);
  const newest = new Map<Manifest, Manifest>();
  for (const pod of after.of('Pod').filter((pod) => !isOver(pod))) {
    const owner = owners.topOf(pod);
    if (owner !== pod && madeAt(pod) >= madeAt(newest.get(owner))) newest.set(owner, pod);
  }
  return [...newest].flatMap(([owner, { status: _, ...pod }]): Written[] => {
    if (changed.has(refKey(refOf(owner)))) return [];
    const { nodeName, ephemeralContainers, ...spec } = pod['spec'] ?? {};
    const object = { ...pod, spec } as Manifest;
    const namespaceObject = namespaceNamed(after, object.metadata.namespace ?? '');
    const subject = { type: 'template' as const, ref: refOf(owner) };
    const candidate: Candidate = { subject, object: owner, pod: object, pointer: '', live: 1 };
    const asked = { kind: kindNamed('Pod')!, object, namespaceObject, candidate };
    return [{ ...asked, operation: 'CREATE', subject, isChanged: false }];
  });
}

const madeAt = (pod: Manifest | undefined): string => pod?.metadata.creationTimestamp ?? '';

/** The same in the namespaces as they are before the changes. */
export function writtenBefore(written: Written[], before: Snapshot, changes: Change[]): Written[] {
  const names = changes.map(changedRef).flatMap(({ kind, name }) => (kind === 'Namespace' ? [name] : []));
  const old = new Map(names.map((name) => [name, namespaceNamed(before, name)]));
  if (old.size === 0) return written;
  return written.map((each) => {
    const namespaceObject = old.get(each.object.metadata.namespace ?? '');
    return namespaceObject === undefined ? each : { ...each, namespaceObject };
  });
}

/** `Deployment.apps`; empty where there is none. */
export function paramKindName({ apiVersion = '', kind = '' }: ParamKind = {}): string {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
  return kindNameOf({ group, kind });
}

/** Parameters are objects of the snapshot, as far as it has their kind; kinds of users are not read. */
export function paramsIn(snapshot: Snapshot): ParamSource {
  const isRead = (kind: ParamKind) =>
    kindNamed(paramKindName(kind)) !== undefined &&
    snapshot.whyUnread(paramKindName(kind)) === undefined &&
    kind.kind !== 'Secret';
  return {
    scopeOf: (kind) => (kindNamed(paramKindName(kind))?.namespaced === false ? 'Cluster' : 'Namespaced'),
    get: (kind, namespace, name) =>
      isRead(kind) ? snapshot.get({ kind: paramKindName(kind), namespace, name }) : 'unknown',
    list: (kind, namespace) => (isRead(kind) ? snapshot.of(paramKindName(kind), namespace) : 'unknown'),
  };
}
