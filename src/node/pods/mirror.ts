import { mirrorAnnotation } from '../../api/pods/mirror-pod.ts';
import type { Pod } from '../../api/schema/types.d.ts';
import type { NodeContext } from './context.ts';
import { isStatic } from './static-pod.ts';

/**
 * Which pod of a file is shown by this one of the API, if that still runs here; undefined: it is a pod of its own. Anybody
 * writes annotations: a pod that runs already stays its own, and nobody's is shown but that of a file of the same name.
 */
export function shownBy(
  { metadata }: Pod,
  running: (uid: string) => Pod | undefined,
): { pod: Pod | undefined } | undefined {
  const uid = metadata.annotations?.[mirrorAnnotation];
  if (uid === undefined || running(metadata.uid!) !== undefined) return undefined;
  const pod = running(uid);
  const { name, namespace } = pod?.metadata ?? {};
  const isOfFile = pod !== undefined && isStatic(pod) && name === metadata.name && namespace === metadata.namespace;
  return { pod: isOfFile ? pod : undefined };
}

/**
 * What the API's copy of a static pod is about: it follows the file, so that deleting it only makes a new one appear, and
 * one whose file is gone is deleted. `pod` is what the file says; undefined when there is none.
 */
export function followMirror(
  type: 'ADDED' | 'MODIFIED' | 'DELETED',
  mirror: Pod,
  pod: Pod | undefined,
  { statuses, client, log }: Pick<NodeContext, 'statuses' | 'client' | 'log'>,
): void {
  const { name, namespace, deletionTimestamp } = mirror.metadata;
  if (type === 'DELETED') {
    if (pod) statuses.local(pod);
  } else if (deletionTimestamp || pod === undefined) {
    const gone = () => log.debug('a mirror pod is gone already', { pod: name });
    client.delete('pods', { namespace, name }, { gracePeriodSeconds: 0 }).catch(gone);
  } else statuses.seen(mirror, pod.metadata.uid!);
}
