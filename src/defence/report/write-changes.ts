import { join } from 'node:path';
import type { Manifest } from '../contract.ts';
import type { Change } from '../snapshot/snapshot.ts';
import { asYaml } from './lines.ts';
import { printable } from './printable.ts';
import { quoted } from './quoted.ts';
import { writeFile } from './write-file.ts';

/**
 * Writes changes as a file that `rempart preview -f` and kubectl read. What is to be removed stands in comments: a file
 * of objects cannot say it. Returns the file's path. Throws UsageError.
 */
export function writeChanges(folder: string, name: string, title: string, changes: Change[]): string {
  const file = join(folder, `${fileNameOf(name)}.yaml`);
  writeFile(file, changesText(title, changes));
  return file;
}

const fileNameOf = (name: string): string => name.replaceAll(/[^a-zA-Z0-9.-]+/g, '-').slice(0, 100);

/** A file name for each name. Some names become the same one, `a:b` and `a-b`: the second is numbered then. */
export function distinctFileNames(names: string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const wanted = fileNameOf(name).slice(0, 90);
    let distinct = wanted;
    // Not every file system tells A from a.
    for (let number = 2; taken.has(distinct.toLowerCase()); number++) distinct = `${wanted}-${number}`;
    taken.add(distinct.toLowerCase());
    return distinct;
  });
}

export function changesText(title: string, changes: Change[]): string {
  const puts = changes.flatMap((change) => ('put' in change ? [withoutState(change.put)] : []));
  const removals = changes.flatMap((change) => {
    if (!('remove' in change)) return [];
    const { kind, namespace, name } = change.remove;
    const where = namespace === '' ? '' : ` --namespace ${quoted(namespace)}`;
    // With its kind in front, no name is taken for an option.
    return [`# kubectl delete ${quoted(`${kind.toLowerCase()}/${name}`)}${where}`];
  });
  // Names are anybody's: a line break in one would leave the comment.
  const heading = [`# ${title}`, ...removals].map((line) => `${printable(line)}\n`).join('');
  return `${heading}${asYaml(puts)}`;
}

/** Status and what the server writes are no part of what is wanted. */
function withoutState({ apiVersion, kind, metadata, status: _, ...rest }: Manifest): object {
  const { managedFields, resourceVersion, uid, creationTimestamp, generation, ...wanted } = metadata;
  return { apiVersion, kind, metadata: wanted, ...rest };
}
