import type { Manifest } from '../contract.ts';
import type { Observations } from '../observations/observation.ts';
import { readKinds } from '../snapshot/kinds.ts';
import { type Change, changedRef, createSnapshot, type Unread } from '../snapshot/snapshot.ts';
import type { Preview } from './impact.ts';
import { preview } from './preview.ts';

/** What an API server asks about one write, over its own objects. */
export type ServedChange = {
  change: Change;
  /** By resource name, `networkpolicies.networking.k8s.io`: current, shared and frozen. */
  list(resource: string): Manifest[];
  observations: Observations;
  minor: number;
  nowMs: number;
  /** Beyond so many pods nothing is judged: other requests wait meanwhile. */
  podsMax: number;
};

const rbac = 'rbac.authorization.k8s.io';
/** Values of Secrets are nobody's business here. */
const left: Unread[] = [{ kind: 'Secret', why: 'is not looked at for a warning' }];

/** Undefined: the cluster is too large to be judged in passing. Roles need no pods, and are judged in any. */
export function previewServed(asked: ServedChange): Preview | undefined {
  const { change, list, observations, minor, nowMs, podsMax } = asked;
  const isOfRoles = changedRef(change).kind.endsWith(`.${rbac}`);
  if (!isOfRoles && list('pods').length > podsMax) return undefined;
  const kinds = readKinds.filter(({ group, kind, custom }) =>
    isOfRoles ? group === rbac : kind !== 'Secret' && (!custom || kind === 'Protection'),
  );
  const objects = kinds.flatMap(({ resource, group }) => list(group === '' ? resource : `${resource}.${group}`));
  const unread = isOfRoles ? [...left, { kind: 'Pod', why: 'is not looked at for roles' }] : left;
  const parts = { source: 'cluster', closedByDefault: true, takenAtMs: nowMs, minor } as const;
  return preview(createSnapshot({ ...parts, objects, unread }), [change], observations, nowMs);
}
