import type { Pod } from '../../api/schema/types.d.ts';
import type { NodeContext } from './context.ts';

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
