import { readKinds } from './kinds.ts';
import { oncePerSnapshot } from './once.ts';
import type { Snapshot } from './snapshot.ts';

const definition = 'CustomResourceDefinition.apiextensions.k8s.io';
const read = new Set(readKinds.map(({ name }) => name));

/** Kinds of custom resources that the cluster has, or that manifests define, and of which no object is read. */
export const unreadKinds = oncePerSnapshot((snapshot: Snapshot): string[] =>
  snapshot
    .of(definition)
    .map(({ spec }) => `${spec?.names?.kind}.${spec?.group}`)
    .filter((kind) => !read.has(kind))
    .sort(),
);
