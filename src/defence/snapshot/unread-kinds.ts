import { readKinds } from './kinds.ts';
import { oncePerSnapshot } from './once.ts';
import type { Snapshot } from './snapshot.ts';

const definition = 'CustomResourceDefinition.apiextensions.k8s.io';
const read = new Set(readKinds.map(({ name }) => name));

/**
 * Kinds of custom resources that the cluster has, or that manifests define, and of which no object is read. Clusters of
 * Rempart store definitions and serve none of them.
 */
export const unreadKinds = oncePerSnapshot((snapshot: Snapshot): string[] =>
  snapshot.closedByDefault
    ? []
    : snapshot
        .of(definition)
        .map(({ spec }) => `${spec?.names?.kind}.${spec?.group}`)
        .filter((kind) => !read.has(kind))
        .sort(),
);
