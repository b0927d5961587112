import type { Pod } from '../../api/schema/types.d.ts';

export const sourceAnnotation = 'kubernetes.io/config.source';

/** As the API gives them, whatever the pod's annotations say of where it comes from: anybody writes those. */
const uidOfApi = /^[0-9a-f]{8}-/;

/** A pod of a file on this node: it needs no API. */
export const isStatic = ({ metadata }: Pod): boolean =>
  metadata.annotations?.[sourceAnnotation] === 'file' && !uidOfApi.test(metadata.uid ?? '');
