import { existsSync } from 'node:fs';
import { silentLog } from '../foundation/log.ts';
import { UsageError } from '../foundation/usage-error.ts';
import { createContainerdRuntime, importImage as importInto } from '../node/node.ts';
import { readConfiguration } from './configuration.ts';
import { containerdPaths } from './places.ts';

export { buildArchive as buildImage } from '../node/node.ts';

/** Loads an image archive into the containerd of a running cluster; returns the names it holds. */
export async function importImage(dataDirectory: string, archive: string): Promise<string[]> {
  const socket = runningSocket(dataDirectory);
  if (!existsSync(archive)) throw new UsageError(`${archive}: no such file`);
  return importInto(socket, archive).catch((error: Error) => {
    throw new UsageError(error.message);
  });
}

/** The images on the node of a running cluster, by name. An image with several names is there once for each. */
export async function listImages(dataDirectory: string): Promise<{ name: string; sizeBytes: number }[]> {
  const runtime = createContainerdRuntime({ socket: runningSocket(dataDirectory), log: silentLog });
  try {
    const images = await runtime.images.list();
    const named = images.flatMap(({ tags, sizeBytes }) => tags.map((name) => ({ name, sizeBytes })));
    return named.sort((one, other) => (one.name < other.name ? -1 : 1));
  } finally {
    await runtime.close();
  }
}

function runningSocket(dataDirectory: string): string {
  const configuration = readConfiguration(dataDirectory);
  if (!configuration) throw new UsageError(`There is no cluster in ${dataDirectory}. Start one with: rempart up`);
  const { socket } = containerdPaths(configuration);
  if (!existsSync(socket)) throw new UsageError(`The cluster in ${dataDirectory} does not run: rempart up`);
  return socket;
}
