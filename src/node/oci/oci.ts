import { createHash } from 'node:crypto';
import { type TarEntry, tar } from './tar.ts';

/** The image's run configuration, in the names of the OCI image specification. */
export type ImageConfig = {
  Entrypoint?: string[];
  Cmd?: string[];
  Env?: string[];
  User?: string;
  WorkingDir?: string;
  ExposedPorts?: Record<string, object>;
  StopSignal?: string;
  Labels?: Record<string, string>;
};

export type Architecture = 'amd64' | 'arm64';
export type OciImage = { tar: Buffer; digest: string };

/** The architecture of this machine, in OCI's words. */
export const architecture: Architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

const mediaType = (name: string) => `application/vnd.oci.image.${name}`;
const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const json = (value: object) => Buffer.from(JSON.stringify(value));
const describe = (type: string, bytes: Buffer) => ({
  mediaType: mediaType(type),
  digest: digestOf(bytes),
  size: bytes.length,
});

/**
 * An OCI image layout in a tar, which `ctr images import` and every other tool reads. The same layers and
 * configuration give the same bytes and the same digest. Layers are not compressed: they never cross a network.
 * `name` is a full reference: `registry/repository:tag`.
 */
export function ociImage(name: string, layers: TarEntry[][], config: ImageConfig, arch = architecture): OciImage {
  const blobs = layers.map(tar);
  const configuration = json({
    architecture: arch,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: blobs.map(digestOf) },
    history: blobs.map(() => ({ created: '1970-01-01T00:00:00Z', created_by: 'rempart' })),
  });
  const manifest = json({
    schemaVersion: 2,
    mediaType: mediaType('manifest.v1+json'),
    config: describe('config.v1+json', configuration),
    layers: blobs.map((blob) => describe('layer.v1.tar', blob)),
  });
  const tag = name.slice(name.lastIndexOf(':') + 1);
  const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': tag };
  const described = {
    ...describe('manifest.v1+json', manifest),
    annotations,
    platform: { architecture: arch, os: 'linux' },
  };
  const index = json({ schemaVersion: 2, manifests: [described] });
  const file = (path: string, data: Buffer): TarEntry => ({ path, mode: 0o644, kind: 'file', data });
  const blobFiles = [...blobs, configuration, manifest].map((blob) =>
    file(`blobs/sha256/${digestOf(blob).slice(7)}`, blob),
  );
  const unique = [...new Map(blobFiles.map((entry) => [entry.path, entry])).values()];
  const layout = file('oci-layout', json({ imageLayoutVersion: '1.0.0' }));
  return { tar: tar([layout, file('index.json', index), ...unique]), digest: digestOf(manifest) };
}
