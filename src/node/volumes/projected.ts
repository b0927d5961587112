import type { Pod, VolumeProjection } from '../../api/schema/types.d.ts';
import { type FileContent, writeAtomically } from './atomic-writer.ts';
import { downwardFiles } from './downward-api.ts';
import { bytesOf, grouped, selectKeys } from './key-files.ts';
import { type MountedVolume, type VolumeContext, VolumeError, type VolumeType } from './volume-type.ts';

/** Several sources in one directory, in memory since tokens and secrets may be among them. */
export const projectedVolume: VolumeType = {
  field: 'projected',
  live: true,
  async mount(context) {
    const { pod, volume, memoryDirectory } = context;
    const { sources = [], defaultMode = 0o644 } = volume.projected!;
    const files = new Map<string, FileContent>();
    const mounted: MountedVolume = { hostPath: memoryDirectory, readOnly: true };
    for (const source of sources)
      for (const [path, content] of await filesOf(source, defaultMode, context, mounted)) files.set(path, content);
    const readable = grouped(pod, files);
    const uid = tokenOwner(pod);
    await writeAtomically(memoryDirectory, readable.files, { ...readable.owner, uid });
    return mounted;
  },
};

async function filesOf(
  source: VolumeProjection,
  defaultMode: number,
  context: VolumeContext,
  mounted: MountedVolume,
): Promise<Map<string, FileContent>> {
  const { pod, sources, facts } = context;
  const namespace = pod.metadata!.namespace!;
  if (source.downwardAPI) return downwardFiles(pod, source.downwardAPI.items ?? [], defaultMode, facts);
  if (source.serviceAccountToken) return tokenFile(source, defaultMode, context, mounted);
  const kind = source.configMap ? 'configmap' : 'secret';
  const reference = source.configMap ?? source.secret;
  if (reference === undefined)
    throw new VolumeError(`projected volume "${context.volume.name}": source ${Object.keys(source)} is not supported`);
  const { name = '', items, optional = false } = reference;
  const object = await (source.configMap ? sources.configMap(namespace, name) : sources.secret(namespace, name));
  if (object === undefined && optional) return new Map();
  if (object === undefined) throw new VolumeError(`${kind} "${name}" not found`);
  return selectKeys(bytesOf(object, kind), { items, defaultMode, optional, what: `${kind} "${name}"` });
}

async function tokenFile(
  { serviceAccountToken }: VolumeProjection,
  defaultMode: number,
  { pod, sources }: VolumeContext,
  mounted: MountedVolume,
): Promise<Map<string, FileContent>> {
  const { path, audience, expirationSeconds = 3600 } = serviceAccountToken!;
  const token = await sources.token(pod, audience || undefined, expirationSeconds);
  mounted.refreshAtMs = Math.min(mounted.refreshAtMs ?? Number.POSITIVE_INFINITY, token.refreshAtMs);
  const mode = pod.spec!.securityContext?.fsGroup !== undefined || tokenOwner(pod) !== undefined ? 0o600 : defaultMode;
  return new Map([[path, { bytes: Buffer.from(token.value), mode }]]);
}

/** When all containers run as one user the files are that user's and nobody else's. */
function tokenOwner(pod: Pod): number | undefined {
  const podUser = pod.spec!.securityContext?.runAsUser;
  const containers = [...(pod.spec!.initContainers ?? []), ...pod.spec!.containers];
  const users = new Set(containers.map(({ securityContext }) => securityContext?.runAsUser ?? podUser));
  return users.size === 1 ? [...users][0] : undefined;
}
