import { quantityValue } from '../foundation/quantity.ts';
import type { PersistentVolume, PersistentVolumeClaim } from './schema/types.d.ts';
import { matchesSelector } from './selectors.ts';

/** How a scheduler tells a provisioner for which node to make a volume. */
export const selectedNode = 'volume.kubernetes.io/selected-node';
/** What a class names whose volumes are made by hand. */
export const noProvisioner = 'kubernetes.io/no-provisioner';

const capacityOf = ({ spec }: PersistentVolume) => quantityValue(spec?.capacity?.['storage']);

/** Is the volume reserved for this claim, by name or by its uid? */
export function isReservedFor({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const { namespace, name, uid } = spec?.claimRef ?? {};
  return name === metadata.name && namespace === metadata.namespace && (!uid || uid === metadata.uid);
}

const reservedKey = (namespace = '', name = '') => `for ${namespace}/${name}`;
const classKey = (storageClassName = '') => `of ${storageClassName}`;

/** Key of an index of volumes: those that are reserved for one claim, and those of each class that are free. */
export const offerKey = ({ spec }: PersistentVolume): string =>
  spec?.claimRef ? reservedKey(spec.claimRef.namespace, spec.claimRef.name) : classKey(spec?.storageClassName);

/** What of that index could be for this claim. */
export const offersFor = ({ metadata, spec }: PersistentVolumeClaim): string[] => [
  reservedKey(metadata.namespace, metadata.name),
  classKey(spec?.storageClassName),
];

/**
 * The volumes that could be bound to a claim, the best first: those that are reserved for it, and only where there are
 * none the free ones that suit, the smallest first. From where they can be reached is another question.
 */
export function volumesFor(claim: PersistentVolumeClaim, volumes: Iterable<PersistentVolume>): PersistentVolume[] {
  const usable = [...volumes].filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const reserved = usable.filter((volume) => isReservedFor(volume, claim) && !cannotServe(volume, claim));
  if (reserved.length > 0) return reserved;
  return usable.filter((volume) => isFreeFor(volume, claim)).sort((a, b) => capacityOf(a) - capacityOf(b));
}

function isFreeFor(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { selector } = claim.spec ?? {};
  return (
    volume.spec?.claimRef === undefined &&
    volume.status?.phase !== 'Released' &&
    mismatch(volume, claim) === undefined &&
    (selector === undefined || matchesSelector(selector, volume.metadata.labels))
  );
}

/** Why a volume that its claim names, or that is free, is not for this claim. */
export function mismatch(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  const { accessModes = [], storageClassName = '' } = volume.spec ?? {};
  if (storageClassName !== (claim.spec?.storageClassName ?? '')) return 'storageClassName does not match';
  if (!(claim.spec?.accessModes ?? []).every((mode) => accessModes.includes(mode))) return 'incompatible accessMode';
  return cannotServe(volume, claim);
}

/** What keeps a volume from serving a claim even where somebody chose it, in upstream's words. */
function cannotServe(volume: PersistentVolume, { spec }: PersistentVolumeClaim): string | undefined {
  if (capacityOf(volume) < quantityValue(spec?.resources?.requests?.['storage'])) return 'requested PV is too small';
  const isSameMode = (volume.spec?.volumeMode ?? 'Filesystem') === (spec?.volumeMode ?? 'Filesystem');
  return isSameMode ? undefined : 'incompatible volumeMode';
}
