import type { KubernetesObject } from '../object.ts';

/** Which uid of a file's pod a mirror in the API shows. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';

/** Pods that the node agent read from files: shown in the API, not made by it. */
export const isMirrorPod = ({ metadata }: KubernetesObject): boolean =>
  metadata.annotations?.[mirrorAnnotation] !== undefined;
