import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { VolumeError } from './volume-type.ts';

export type FileContent = { bytes: Uint8Array; mode: number };
export type Ownership = { uid?: number; gid?: number };

const dataLink = '..data';

/**
 * Makes a directory show exactly these files, all at once: they are written to a fresh directory, and the symlink
 * `..data` is swapped to it, so that a reader never sees half an update. Names are paths inside the directory.
 * True when something changed. The scheme, which programs rely on, is Kubernetes' AtomicWriter:
 *
 *     key      -> ..data/key
 *     ..data   -> ..2026_01_31_8f3a
 */
export async function writeAtomically(
  directory: string,
  files: Map<string, FileContent>,
  owner: Ownership = {},
): Promise<boolean> {
  for (const path of files.keys()) {
    checkPath(path);
    for (let above = dirname(path); above !== '.'; above = dirname(above))
      if (files.has(above)) throw new VolumeError(`${path} is to lie in ${above}, which is a file itself`);
  }
  const old = await currentTarget(directory);
  if (old !== undefined && (await isSame(join(directory, old), files))) return false;
  const fresh = `..${new Date().toISOString().slice(0, 10).replaceAll('-', '_')}_${randomBytes(4).toString('hex')}`;
  await mkdir(join(directory, fresh), { mode: 0o755 });
  await chmod(join(directory, fresh), 0o755);
  try {
    for (const [path, content] of files) await writeOne(join(directory, fresh), path, content, owner);
  } catch (error) {
    // It is tried again, for as long as the pod lives.
    await rm(join(directory, fresh), { recursive: true, force: true });
    throw error;
  }
  // One that a killed agent left leads to what is about to be removed.
  await rm(join(directory, '..data_tmp'), { force: true });
  await symlink(fresh, join(directory, '..data_tmp'));
  await rename(join(directory, '..data_tmp'), join(directory, dataLink));
  await showNames(directory, files);
  await removeStale(directory, fresh);
  return true;
}

/** Refuses what would leave the directory or hide behind its bookkeeping. */
export function checkPath(path: string): void {
  const bad =
    path === '' ||
    path.startsWith('/') ||
    path.split('/').includes('..') ||
    path.startsWith('..') ||
    path.length > 4096;
  if (bad || normalize(path) !== path) throw new VolumeError(`invalid path ${JSON.stringify(path)} in a volume`);
}

async function currentTarget(directory: string): Promise<string | undefined> {
  return readlink(join(directory, dataLink)).catch(() => undefined);
}

async function isSame(directory: string, files: Map<string, FileContent>): Promise<boolean> {
  const present = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  if (present.filter((entry) => entry.isFile()).length !== files.size) return false;
  for (const [path, { bytes, mode }] of files) {
    const stat = await lstat(join(directory, path)).catch(() => undefined);
    if (!stat?.isFile() || (stat.mode & 0o777) !== mode || stat.size !== bytes.length) return false;
    if (!(await readFile(join(directory, path))).equals(bytes)) return false;
  }
  return true;
}

async function writeOne(directory: string, path: string, { bytes, mode }: FileContent, owner: Ownership) {
  const target = join(directory, path);
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  await writeFile(target, bytes, { mode: 0o600, flag: 'wx' });
  if (owner.uid !== undefined || owner.gid !== undefined) await chown(target, owner.uid ?? 0, owner.gid ?? 0);
  await chmod(target, mode);
}

/** One link per first path component: `a/b` and `a/c` share the link `a`. */
async function showNames(directory: string, files: Map<string, FileContent>): Promise<void> {
  const wanted = new Set([...files.keys()].map((path) => path.split('/')[0]!));
  for (const name of wanted) await symlink(join(dataLink, name), join(directory, name)).catch(ignoreExisting);
  for (const name of await readdir(directory))
    if (!name.startsWith('..') && !wanted.has(name)) await unlink(join(directory, name));
}

async function removeStale(directory: string, fresh: string): Promise<void> {
  for (const name of await readdir(directory))
    if (name.startsWith('..') && name !== fresh && name !== dataLink)
      await rm(join(directory, name), { recursive: true, force: true });
}

function ignoreExisting(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
