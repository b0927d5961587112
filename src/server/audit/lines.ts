import { hash } from 'node:crypto';
import type { UserInfo } from '../../api/user.ts';
import type { AuditEvent } from '../contracts.ts';

/** Where a line stands in the chain: its number, and the hash of the line before it. */
export type Link = { sequence: number; previous: string };

const sequenceKey = 'rempart.io/audit-sequence';
const previousKey = 'rempart.io/audit-previous';
/** Set where a process found that the log did not end as it was left: see files.ts. */
const gapKey = 'rempart.io/audit-gap';

/** What the first line of a log names as its predecessor. */
export const genesis = '0'.repeat(64);

export const hashOf = (line: string): string => hash('sha256', line);

/** The server itself while it makes the default objects, in process. */
const bootstrapper = 'system:apiserver';

/** What all lines begin with. */
const start = '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata"';

/** One line of the log, an audit.k8s.io/v1 Event at level Metadata without its newline; bodies are never recorded. */
export function auditLine(event: AuditEvent, link: Link, gap?: string): string {
  const { user } = event;
  const { impersonatedBy } = user;
  const breakGlass = isMaster(user) || (impersonatedBy !== undefined && isMaster(impersonatedBy));
  const annotations: Record<string, string> = { ...event.annotations };
  if (breakGlass) annotations['rempart.io/break-glass'] = 'true';
  if (gap !== undefined) annotations[gapKey] = gap;
  annotations[sequenceKey] = String(link.sequence);
  annotations[previousKey] = link.previous;
  // Field by field: one line is written per request, and spreading costs more than writing it.
  const rest = JSON.stringify({
    auditID: event.auditID,
    stage: event.stage,
    requestURI: event.requestURI,
    verb: event.verb,
    sourceIPs: event.sourceIPs,
    userAgent: event.userAgent,
    objectRef: event.objectRef,
    responseStatus: event.responseStatus,
    requestReceivedTimestamp: event.requestReceivedTimestamp,
    stageTimestamp: event.stageTimestamp,
    impersonatedUser: impersonatedBy === undefined ? undefined : { ...user, impersonatedBy: undefined },
    annotations,
  });
  return `${start},"user":${textOf(impersonatedBy ?? user)},${rest.slice(1)}`;
}

const texts = new WeakMap<UserInfo, string>();
/** The same user asks again and again. */
function textOf(user: UserInfo): string {
  let text = texts.get(user);
  if (text === undefined) {
    text = JSON.stringify(user);
    texts.set(user, text);
  }
  return text;
}

const isMaster = ({ groups, username }: UserInfo) => groups.includes('system:masters') && username !== bootstrapper;

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
