import { nodeSelectorMatches } from '../api/node-selector.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../api/schema/types.d.ts';
import { matchesSelector } from '../api/selectors.ts';
import { quantityValue } from '../foundation/quantity.ts';
import { isDeleting } from '../reconcile/owned.ts';

const capacityOf = ({ spec }: PersistentVolume): number => quantityValue(spec?.capacity?.['storage']);

/** Is the volume reserved for this claim, by name or by its uid? */
export function isReservedFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const { namespace, name, uid } = spec?.claimRef ?? {};
  return name === metadata.name && namespace === metadata.namespace && (!uid || uid === metadata.uid);
}

/**
 * The volume to bind a claim to: one that is reserved for it, otherwise the smallest that is free and suits. With
 * `node` only volumes that can be reached from there count.
 */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: PersistentVolume[],
  node: Node | undefined,
): PersistentVolume | undefined {
  const usable = volumes.filter((volume) => !isDeleting(volume));
  const reserved = usable.find((volume) => volume.spec?.claimRef && isReservedFor(volume, claim));
  if (reserved) return reserved;
  return usable
    .filter((volume) => volume.spec?.claimRef === undefined && suits(volume, claim, node))
    .sort((a, b) => capacityOf(a) - capacityOf(b))[0];
}

function suits(volume: PersistentVolume, { spec = {} }: PersistentVolumeClaim, node: Node | undefined): boolean {
  const { accessModes = [], storageClassName = '', volumeMode = 'Filesystem', nodeAffinity } = volume.spec ?? {};
  return (
    storageClassName === (spec.storageClassName ?? '') &&
    volumeMode === (spec.volumeMode ?? 'Filesystem') &&
    (spec.accessModes ?? []).every((mode) => accessModes.includes(mode)) &&
    capacityOf(volume) >= quantityValue(spec.resources?.requests?.['storage']) &&
    (spec.selector === undefined || matchesSelector(spec.selector, volume.metadata.labels)) &&
    (node === undefined || !nodeAffinity?.required || nodeSelectorMatches(nodeAffinity.required, node))
  );
}
