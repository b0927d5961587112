import { nodeSelectorMatches } from '../api/node-selector.ts';
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../api/schema/types.d.ts';
import { matchesSelector } from '../api/selectors.ts';
import { quantityValue } from '../foundation/quantity.ts';
import { isDeleting } from '../reconcile/owned.ts';

const capacityOf = ({ spec }: PersistentVolume) => quantityValue(spec?.capacity?.['storage']);

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
  const reserved = usable.find(
    (volume) => volume.spec?.claimRef && isReservedFor(volume, claim) && !cannotServe(volume, claim),
  );
  if (reserved) return reserved;
  return usable
    .filter((volume) => volume.spec?.claimRef === undefined && suits(volume, claim, node))
    .sort((a, b) => capacityOf(a) - capacityOf(b))[0];
}

/** What keeps a volume from serving a claim even where somebody chose it, in upstream's words. */
function cannotServe(volume: PersistentVolume, { spec }: PersistentVolumeClaim): string | undefined {
  if (capacityOf(volume) < quantityValue(spec?.resources?.requests?.['storage'])) return 'requested PV is too small';
  const isSameMode = (volume.spec?.volumeMode ?? 'Filesystem') === (spec?.volumeMode ?? 'Filesystem');
  return isSameMode ? undefined : 'incompatible volumeMode';
}

/** Why a volume that its claim names, or that is free, is not for this claim. */
export function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  const { accessModes = [], storageClassName = '' } = volume.spec ?? {};
  if (storageClassName !== (claim.spec?.storageClassName ?? '')) return 'storageClassName does not match';
  if (!(claim.spec?.accessModes ?? []).every((mode) => accessModes.includes(mode))) return 'incompatible accessMode';
  return cannotServe(volume, claim);
}

function suits(volume: PersistentVolume, claim: PersistentVolumeClaim, node: Node | undefined): boolean {
  const { selector } = claim.spec ?? {};
  const reachable = volume.spec?.nodeAffinity?.required;
  return (
    mismatch(volume, claim) === undefined &&
    (selector === undefined || matchesSelector(selector, volume.metadata.labels)) &&
    (node === undefined || !reachable || nodeSelectorMatches(reachable, node))
  );
}
