import { readKinds } from './kinds.ts';
import { oncePerSnapshot } from './once.ts';
import type { Snapshot } from './snapshot.ts';

const definition = 'CustomResourceDefinition.apiextensions.k8s.io';
const read = new Set(readKinds.map(({ name }) => name));

/** Kinds that are not read and whose objects have containers in them, by their schema: pods may be made of them. */
export const unreadPodMakers = oncePerSnapshot((snapshot: Snapshot): string[] => {
  const unread = new Set(unreadKinds(snapshot));
  return snapshot
    .of(definition)
    .filter(({ spec }) => unread.has(nameOf(spec)) && JSON.stringify(spec).includes('"containers":{'))
    .map(({ spec }) => nameOf(spec));
});

const nameOf = (spec: any): string => `${spec?.names?.kind}.${spec?.group}`;

/**
 * Kinds of custom resources that the cluster has, or that manifests define, and of which no object is read. Clusters of
 * Rempart store definitions and serve none of them.
 */
export const unreadKinds = oncePerSnapshot((snapshot: Snapshot): string[] =>
  snapshot.closedByDefault
    ? []
    : snapshot
        .of(definition)
        .map(({ spec }) => nameOf(spec))
        .filter((kind) => !read.has(kind))
        .sort(),
);
