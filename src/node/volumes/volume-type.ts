import type {
  ConfigMap,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Secret,
  Volume,
} from '../../api/schema/types.d.ts';
import type { NodeFacts } from '../environment/field-ref.ts';
import type { Mounter } from './mounter.ts';

/** A volume cannot be mounted: the message names the volume or object and becomes a FailedMount event. */
export class VolumeError extends Error {}

export type Token = { value: string; expiresAtMs: number; refreshAtMs: number };

/** What volumes are made from. Reads give undefined for an absent object and reject when the API cannot be asked. */
export type VolumeSources = {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>;
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  claim(namespace: string, name: string): Promise<PersistentVolumeClaim | undefined>;
  persistentVolume(name: string): Promise<PersistentVolume | undefined>;
  /** A token bound to the pod (TokenRequest). */
  token(pod: Pod, audience: string | undefined, expirationSeconds: number): Promise<Token>;
};

export type VolumeContext = {
  pod: Pod;
  volume: Volume;
  /** The volume's own directory on disk; exists. */
  directory: string;
  /** Its own directory in memory, for what must not reach a disk; exists. */
  memoryDirectory: string;
  facts: NodeFacts;
  sources: VolumeSources;
  mounter: Mounter;
  /** Below here the node makes and removes directories of local-path volumes. */
  localPathRoot: string;
};

export type MountedVolume = {
  hostPath: string;
  /** Contents are the agent's: no container may write to it. */
  readOnly: boolean;
  /** When its contents must be renewed (tokens). */
  refreshAtMs?: number;
};

/** One kind of volume: `mount` is idempotent and is called again to refresh what it shows. */
export type VolumeType = {
  /** The field of core/v1 Volume that selects it. */
  field: keyof Volume;
  /** What it shows follows the API: it is mounted again to refresh. All others are mounted once. */
  live: boolean;
  mount(context: VolumeContext): Promise<MountedVolume>;
  /** Undoes mounts; directories are removed by the caller afterwards. */
  unmount?(context: Pick<VolumeContext, 'directory' | 'mounter'>): Promise<void>;
};
