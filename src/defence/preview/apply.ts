import { resourceName } from '../../api/kind.ts';
import { acceptedAnnotation } from '../../api/kinds/protection.ts';
import { ApiError } from '../../api/status.ts';
import type { Client } from '../../client/client.ts';
import { UsageError } from '../../foundation/usage-error.ts';
import type { Manifest } from '../contract.ts';
import { refText } from '../object-ref.ts';
import { type Change, changedRef } from '../snapshot/snapshot.ts';
import { kindNamed, kindOf } from './merge.ts';
import { fieldManager } from './resolve.ts';

/** Makes the changes as they were previewed. Throws UsageError with what was refused and how many were made. */
export async function applyChanges(client: Client, wanted: Change[], reason: string | undefined): Promise<void> {
  await inOrder(wanted, async (change) => {
    if ('put' in change) {
      const body = reason === undefined ? change.put : accepted(change.put, reason);
      await client.patch(
        resourceOf(change),
        change.put.metadata,
        { type: 'apply', body },
        { fieldManager, force: true },
      );
      return;
    }
    if (reason !== undefined) {
      const body = { metadata: { annotations: { [acceptedAnnotation]: reason } } };
      await client.patch(resourceOf(change), change.remove, { type: 'merge', body }, { fieldManager });
    }
    await client.delete(resourceOf(change), change.remove);
  });
}

/** Puts back what an undo holds: whole objects take the place of what is there. */
export async function applyUndo(client: Client, undo: Change[]): Promise<void> {
  await inOrder(undo, async (change) => {
    const resource = resourceOf(change);
    try {
      if ('remove' in change) await client.delete(resource, change.remove);
      else await client.update(resource, change.put, { fieldManager });
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'NotFound') throw error;
      if ('put' in change) await client.create(resource, change.put, { fieldManager });
    }
  });
}

async function inOrder(changes: Change[], make: (change: Change) => Promise<void>): Promise<void> {
  for (const [index, change] of changes.entries())
    try {
      await make(change);
    } catch (error) {
      throw new UsageError(
        `${refText(changedRef(change))}: ${(error as Error).message} (${index} of ${changes.length} changes were made)`,
      );
    }
}

/** By what name the API has it. Throws UsageError for what cannot be made here. */
export function resourceOf(change: Change): string {
  const kind = 'put' in change ? kindOf(change.put) : kindNamed(change.remove.kind);
  if (kind === undefined)
    throw new UsageError(`${refText(changedRef(change))}: the kind is not built in: make this change with kubectl`);
  return resourceName(kind);
}

const accepted = (object: Manifest, reason: string): Manifest => ({
  ...object,
  metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [acceptedAnnotation]: reason } },
});
