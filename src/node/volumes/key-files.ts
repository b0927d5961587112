import type { ConfigMap, KeyToPath, Pod, Secret } from '../../api/schema/types.d.ts';
import type { FileContent, Ownership } from './atomic-writer.ts';
import { VolumeError } from './volume-type.ts';

export type KeySelection = {
  items?: KeyToPath[];
  defaultMode: number;
  optional: boolean;
  /** For messages: `configmap "web-config"`. */
  what: string;
};

/** The bytes by key of a ConfigMap or Secret. */
export function bytesOf(object: ConfigMap | Secret, kind: 'configmap' | 'secret'): Map<string, Uint8Array> {
  const result = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(object.data ?? {}))
    result.set(key, kind === 'secret' ? Buffer.from(value as string, 'base64') : Buffer.from(value as string));
  for (const [key, value] of Object.entries((object as ConfigMap).binaryData ?? {}))
    result.set(key, Buffer.from(value as string, 'base64'));
  return result;
}

/** The files of a volume for keys: all, or `items` with their paths and modes. */
export function selectKeys(bytes: Map<string, Uint8Array>, selection: KeySelection): Map<string, FileContent> {
  const { items, defaultMode, optional, what } = selection;
  if (items === undefined || items.length === 0)
    return new Map([...bytes].map(([key, value]) => [key, { bytes: value, mode: defaultMode }]));
  const files = new Map<string, FileContent>();
  for (const { key, path, mode } of items) {
    const value = bytes.get(key);
    if (value !== undefined) files.set(path, { bytes: value, mode: mode ?? defaultMode });
    else if (!optional) throw new VolumeError(`${what} has no key ${JSON.stringify(key)}`);
  }
  return files;
}

/** With an fsGroup the files belong to that group, which may read them. */
export function grouped(
  pod: Pod,
  files: Map<string, FileContent>,
): { files: Map<string, FileContent>; owner: Ownership } {
  const fsGroup = pod.spec!.securityContext?.fsGroup;
  if (fsGroup === undefined) return { files, owner: {} };
  const readable = [...files].map(([path, { bytes, mode }]): [string, FileContent] => [
    path,
    { bytes, mode: mode | 0o040 | (mode & 0o100 ? 0o010 : 0) },
  ]);
  return { files: new Map(readable), owner: { gid: fsGroup } };
}
