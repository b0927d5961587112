import { isExempt } from '../../api/admission-policy/match.ts';
import type { ParamSource } from '../../api/admission-policy/params.ts';
import type { PreviewedObject } from '../../api/admission-policy/preview.ts';
import type { Kind } from '../../api/kind.ts';
import type { ParamKind } from '../../api/schema/types.d.ts';
import type { Manifest } from '../contract.ts';
import { kindName, refKey, refOf } from '../object-ref.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { podOf } from '../workload.ts';
import { type Candidate, candidatesOf, namespaceNamed } from './candidates.ts';
import type { ImpactSubject } from './impact.ts';
import { kindNamed } from './merge.ts';

/** Somebody writes this object, or a controller makes this pod. */
export type Written = PreviewedObject & {
  subject: Extract<ImpactSubject, { ref: object }>;
  isChanged: boolean;
  /** Of a pod. */
  candidate?: Candidate;
};

/** What nobody but a controller makes is left out: its owner is judged. */
export function writtenIn(after: Snapshot, before: Snapshot, changed: Set<string>): Written[] {
  const namespaces = new Map(
    after.of('Namespace').map(({ metadata: { name } }) => [name, namespaceNamed(after, name)]),
  );
  const namespaceOf = (object: Manifest) => namespaces.get(object.metadata.namespace ?? '');
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
  const objects = after.objects.flatMap((object) => {
    const kind = kindNamed(kindName(object));
    const owned = (object.metadata.ownerReferences ?? []).some(({ controller }) => controller);
    if (kind === undefined || isExempt(kind) || owned || kind.kind === 'Secret') return [];
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
  return [...objects, ...pods];
}

/** Parameters are objects of the snapshot, as far as it has their kind; kinds of users are not read. */
export function paramsIn(snapshot: Snapshot): ParamSource {
  const nameOf = ({ apiVersion = '', kind = '' }: ParamKind) => {
    const group = apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
    return group === '' ? kind : `${kind}.${group}`;
  };
  const isRead = (kind: ParamKind) =>
    kindNamed(nameOf(kind)) !== undefined && snapshot.whyUnread(nameOf(kind)) === undefined && kind.kind !== 'Secret';
  return {
    scopeOf: (kind) => (kindNamed(nameOf(kind))?.namespaced === false ? 'Cluster' : 'Namespaced'),
    get: (kind, namespace, name) => (isRead(kind) ? snapshot.get({ kind: nameOf(kind), namespace, name }) : 'unknown'),
    list: (kind, namespace) => (isRead(kind) ? snapshot.of(nameOf(kind), namespace) : 'unknown'),
  };
}
