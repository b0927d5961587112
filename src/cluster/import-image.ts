import { existsSync } from 'node:fs';
import { UsageError } from '../foundation/usage-error.ts';
import { importImage as importInto } from '../node/node.ts';
import { readConfiguration } from './configuration.ts';
import { containerdPaths } from './places.ts';

/** Loads an image archive into the containerd of a running cluster; returns the names it holds. */
export async function importImage(dataDirectory: string, archive: string): Promise<string[]> {
  const configuration = readConfiguration(dataDirectory);
  if (!configuration) throw new UsageError(`There is no cluster in ${dataDirectory}. Start one with: rempart up`);
  if (!existsSync(archive)) throw new UsageError(`${archive}: no such file`);
  return importInto(containerdPaths(configuration).socket, archive);
}
