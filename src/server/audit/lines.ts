import { createHash } from 'node:crypto';
import type { UserInfo } from '../../api/user.ts';
import type { AuditEvent } from '../contracts.ts';

/** Where a line stands in the chain: its number, and the hash of the line before it. */
export type Link = { sequence: number; previous: string };

const sequenceKey = 'rempart.io/audit-sequence';
const previousKey = 'rempart.io/audit-previous';
/** Set where a process found that the log did not end as it was left: see `openChain`. */
const gapKey = 'rempart.io/audit-gap';

/** What the first line of a log names as its predecessor. */
export const genesis = '0'.repeat(64);

export const hashOf = (line: string): string => createHash('sha256').update(line).digest('hex');

/** The server itself while it makes the default objects, in process. */
const bootstrapper = 'system:apiserver';

/** One line of the log, an audit.k8s.io/v1 Event at level Metadata without its newline; bodies are never recorded. */
export function auditLine(event: AuditEvent, link: Link, gap?: string): string {
  const { user, annotations, ...rest } = event;
  const { impersonatedBy, ...asked } = user;
  const isMaster = ({ groups, username }: UserInfo) => groups.includes('system:masters') && username !== bootstrapper;
  const breakGlass = isMaster(user) || (impersonatedBy !== undefined && isMaster(impersonatedBy));
  return JSON.stringify({
    ...{ kind: 'Event', apiVersion: 'audit.k8s.io/v1', level: 'Metadata' },
    ...rest,
    user: impersonatedBy ?? asked,
    impersonatedUser: impersonatedBy === undefined ? undefined : asked,
    annotations: {
      ...annotations,
      ...(breakGlass ? { 'rempart.io/break-glass': 'true' } : {}),
      ...(gap === undefined ? {} : { [gapKey]: gap }),
      [sequenceKey]: String(link.sequence),
      [previousKey]: link.previous,
    },
  });
}

/** The link of a line, or undefined when the line is not one of this log. */
export function linkOf(line: string): (Link & { gap?: string }) | undefined {
  try {
    const annotations = JSON.parse(line).annotations;
    const sequence = Number(annotations[sequenceKey]);
    const previous = annotations[previousKey];
    if (!Number.isSafeInteger(sequence) || typeof previous !== 'string') return undefined;
    return { sequence, previous, gap: annotations[gapKey] };
  } catch {
    return undefined;
  }
}
