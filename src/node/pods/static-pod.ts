import type { Pod } from '../../api/schema/types.d.ts';

/** Which uid of a file's pod a mirror in the API shows. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';
export const sourceAnnotation = 'kubernetes.io/config.source';

/** A pod of a file on this node: it needs no API. */
export const isStatic = ({ metadata }: Pod): boolean => metadata.annotations?.[sourceAnnotation] === 'file';
