import { constants } from 'node:fs';
import { chmod, type FileHandle, mkdir, open, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { Mounter } from './mounter.ts';
import { VolumeError } from './volume-type.ts';

const maxDepth = 64;

/** open(2)'s O_PATH, which Node does not name: a place is held and nothing is opened, neither a device nor a pipe. */
const holdOnly = 0o10000000 | constants.O_NOFOLLOW;

/**
 * Mounts a path inside a volume at `target`, so that no symbolic link in the volume can lead a container outside of
 * it, not even one that is swapped meanwhile: the path is walked component by component through descriptors that
 * refuse links, and the last descriptor is what gets mounted. A missing path becomes directories as the kubelet makes them:
 * root's, in the group that a setgid directory above says, with the rights of the volume itself, setgid and sticky bit
 * included. Source: kubernetes/kubernetes pkg/volume/util/subpath/subpath_linux.go.
 */
export async function mountSubPath(volume: string, subPath: string, target: string, mounter: Mounter): Promise<void> {
  const components = subPath.split('/').filter((component) => component !== '' && component !== '.');
  if (subPath.startsWith('/') || components.includes('..') || components.length > maxDepth)
    throw new VolumeError(
      `subPath ${JSON.stringify(subPath)} must be relative, without .. and at most ${maxDepth} deep`,
    );
  const root = await realpath(volume);
  const handle = await walk(root, await resolved(root, components));
  try {
    if (await shows(target, handle, mounter)) return;
    const isDirectory = (await handle.stat()).isDirectory();
    await mkdir(dirname(target), { recursive: true });
    if (isDirectory) await mkdir(target, { recursive: true });
    else await writeFile(target, '', { flag: 'a' });
    await mounter.bind(`/proc/${process.pid}/fd/${handle.fd}`, target);
  } finally {
    await handle.close();
  }
}

/** A mount of an earlier attempt stays when it shows the same; an updated ConfigMap, for one, is another file. */
async function shows(target: string, handle: FileHandle, mounter: Mounter): Promise<boolean> {
  if (!(await mounter.below(target)).includes(target)) return false;
  const [there, wanted] = [await stat(target), await handle.stat()];
  if (there.ino === wanted.ino && there.dev === wanted.dev) return true;
  await mounter.unmount(target);
  return false;
}

/** Links inside the volume are allowed (ConfigMap keys are links): resolve what exists, and check that it stays inside. */
async function resolved(root: string, components: string[]): Promise<string[]> {
  for (let present = components.length; present > 0; present--) {
    const real = await realpath(join(root, ...components.slice(0, present))).catch(() => undefined);
    if (real === undefined) continue;
    const inner = relative(root, real);
    if (leavesParent(inner)) throw new VolumeError(`subPath ${components.join('/')} leads outside of its volume`);
    return [...inner.split('/').filter((part) => part !== ''), ...components.slice(present)];
  }
  return components;
}

/** `..data` is a name; only `..` itself climbs. */
export const leavesParent = (path: string) => path === '..' || path.startsWith('../');

async function walk(root: string, components: string[]): Promise<FileHandle> {
  let handle = await open(root, holdOnly | constants.O_DIRECTORY);
  const { mode } = await handle.stat();
  for (const component of components) {
    const path = `/proc/self/fd/${handle.fd}/${component}`;
    const next = await openOrMake(path, mode).catch(async (error) => {
      await handle.close();
      throw new VolumeError(`subPath component ${JSON.stringify(component)} cannot be opened`, { cause: error });
    });
    await handle.close();
    handle = next;
  }
  return handle;
}

async function openOrMake(path: string, mode: number): Promise<FileHandle> {
  try {
    return await hold(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  await mkdir(path, { mode: mode & 0o777 });
  const handle = await hold(path);
  await chmod(`/proc/self/fd/${handle.fd}`, mode & 0o7777);
  return handle;
}

/** A link itself could be held, too. */
async function hold(path: string): Promise<FileHandle> {
  const handle = await open(path, holdOnly);
  if (!(await handle.stat()).isSymbolicLink()) return handle;
  await handle.close();
  throw new Error('it is a symbolic link');
}
