import { resourceName } from '../../api/kind.ts';
import { ApiError } from '../../api/status.ts';
import type { Client } from '../../client/client.ts';
import { UsageError } from '../../foundation/usage-error.ts';
import type { Manifest } from '../contract.ts';
import { refText } from '../object-ref.ts';
import { type Change, changedRef, type Snapshot } from '../snapshot/snapshot.ts';
import { refusalOf } from '../snapshot/sound.ts';
import type { Impact } from './impact.ts';
import { kindOf, merged, unlessSame } from './merge.ts';

/** Changes as whole objects, with what the API server says to them. */
export type Resolved = { changes: Change[]; refusals: Impact[]; notAssessed: string[] };

export const fieldManager = 'rempart';

/**
 * Makes whole objects of what was written: on a live cluster by asking its API server (a dry run of an apply, so with
 * its defaults, merging and admission), else by merging and validating. That it is refused is an impact by itself.
 */
export async function resolveChanges(wanted: Change[], snapshot: Snapshot, client?: Client): Promise<Resolved> {
  const resolved: Resolved = { changes: [], refusals: [], notAssessed: [] };
  for (const change of wanted) {
    if ('remove' in change) {
      resolved.changes.push(change);
      continue;
    }
    const live = snapshot.get(changedRef(change));
    const answer = client === undefined ? undefined : await askServer(change.put, client, resolved);
    const put = answer === undefined ? mergedOrWrong(live, change.put) : live ? unlessSame(live, answer) : answer;
    resolved.changes.push({ put });
    const refusal = client === undefined && put !== live ? refusalOf(put) : undefined;
    if (refusal !== undefined) resolved.refusals.push(refusedBecause(put, refusal, 'an API server'));
  }
  return resolved;
}

function mergedOrWrong(live: Manifest | undefined, put: Manifest): Manifest {
  try {
    return merged(live, put);
  } catch (error) {
    throw new UsageError(`${refText(changedRef({ put }))}: cannot be merged: ${(error as Error).message}`);
  }
}

function refusedBecause(put: Manifest, why: string, who: string): Impact {
  const ref = changedRef({ put });
  return { outcome: 'breaks', subject: { type: 'object', ref }, why: `${who} refuses it: ${why}`, by: [refText(ref)] };
}

/** No right to write is no verdict about the object; nor is a namespace that comes with the same change. */
const lacksRight = /: User ".*" cannot /;

async function askServer(put: Manifest, client: Client, resolved: Resolved): Promise<Manifest | undefined> {
  const kind = kindOf(put);
  const text = refText(changedRef({ put }));
  if (kind === undefined) {
    resolved.notAssessed.push(`${text}: not asked of the API server: the kind is not built in`);
    return undefined;
  }
  try {
    const patch = { type: 'apply' as const, body: put };
    const options = { fieldManager, force: true, dryRun: true };
    const answer = await client.patch<Manifest>(resourceName(kind), put.metadata, patch, options);
    const { managedFields: _, ...metadata } = answer.metadata;
    return { ...answer, metadata };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // A mode that breaks something is refused until that is accepted: the preview says what it is by itself.
    if (error.reason === 'Forbidden' && kind.kind === 'Protection' && error.message.includes(' would break: '))
      return undefined;
    if (error.reason === 'NotFound' || lacksRight.test(error.message)) {
      resolved.notAssessed.push(`${text}: the API server was not asked: ${error.message}`);
      return undefined;
    }
    resolved.refusals.push(refusedBecause(put, error.message, 'the API server'));
    return undefined;
  }
}
