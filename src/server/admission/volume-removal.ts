import { localPathFinalizer, localPathNode } from '../../api/local-path.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { equalJson } from '../../foundation/json.ts';
import type { AdmissionPlugin } from '../contracts.ts';
import { concerns, refusal } from './about.ts';

const group = 'rempart:volumes';

/**
 * Who removes the deleted volumes of a node says of them that they are gone, and nothing else: a stolen node identity
 * could give the volumes of other nodes to other claims, or have them removed.
 */
export const volumeRemoval: AdmissionPlugin = {
  name: 'VolumeRemoval',
  validate(request) {
    const { user, object, oldObject: old } = request;
    if (!user.groups.includes(group) || !concerns(request, 'UPDATE', 'persistentvolumes')) return;
    const isOwn = user.username === `${group}:${old!.metadata.annotations?.[localPathNode]}`;
    const isGone =
      old!.metadata.deletionTimestamp !== undefined && equalJson(afterRemoval(old!), afterRemoval(object!));
    if (!isOwn || !isGone || object!.metadata.finalizers?.includes(localPathFinalizer))
      throw refusal(request, `"${user.username}" may only take ${localPathFinalizer} off deleted volumes of its node`);
  },
};

/** A volume as it is when its directory is gone, without what the server writes itself. */
function afterRemoval({ metadata, ...volume }: KubernetesObject): object {
  const { resourceVersion: _, managedFields: __, finalizers = [], ...kept } = metadata;
  return { ...volume, metadata: { ...kept, finalizers: finalizers.filter((one) => one !== localPathFinalizer) } };
}
