import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { UsageError } from '../../../foundation/usage-error.ts';
import { buildImage } from './build.ts';
import { readSpecification, sourceOf } from './specification.ts';

export type BuiltImage = { name: string; digest: string; sizeBytes: number };

/**
 * Builds the image of a specification file and puts it as an OCI archive at `archive`, as a whole or not at all.
 * Throws UsageError that says what of the specification, its files or its packages is wrong.
 */
export async function buildArchive(specificationFile: string, archive: string): Promise<BuiltImage> {
  try {
    const specification = readSpecification(specificationFile);
    const { tar, digest } = await buildImage(specification);
    mkdirSync(dirname(archive), { recursive: true });
    const unfinished = `${archive}.${process.pid}.new`;
    try {
      writeFileSync(unfinished, tar);
      renameSync(unfinished, archive);
    } finally {
      rmSync(unfinished, { force: true });
    }
    return { name: specification.name, digest, sizeBytes: tar.length };
  } catch (cause) {
    throw new UsageError(`${specificationFile} cannot be built: ${(cause as Error).message}`, { cause });
  }
}

/** Changes whenever the specification, one of its files or the Node that goes into it does: 64 hexadecimal digits. */
export function fingerprintOf(specificationFile: string): string {
  const hash = createHash('sha256').update(readFileSync(specificationFile));
  const specification = readSpecification(specificationFile);
  for (const { from } of specification.files) {
    const source = sourceOf(specification, from);
    // The hundred megabytes of a Node are known by its version.
    const content =
      from === '$node' ? `${process.version} ${process.arch} ${statSync(source).size}` : readFileSync(source);
    hash.update(`\0${from}\0`).update(content);
  }
  return hash.digest('hex');
}
