import type { UserInfo } from '../../api/user.ts';
import type { AuditEvent } from '../contracts.ts';
import { sessions } from '../request.ts';

const reading = new Set(['get', 'list', 'watch']);
const streams = new Set([...sessions, 'proxy']);
const quietPaths = /^\/(healthz|livez|readyz|version|metrics|openapi|api|apis)(\/|$|\?)/;
/** What components read all day long, of what everybody may know about them. */
const components =
  /^system:(serviceaccount:kube-system:|node:|kube-scheduler$|kube-controller-manager$)|^rempart:network:/;

/** Itself, and nobody who only acts as one. */
const isComponent = ({ username, impersonatedBy }: UserInfo): boolean =>
  impersonatedBy === undefined && components.test(username);

/**
 * Which events are written: every write and every refusal of anybody, every read of secrets and of people; not the
 * reads of components, what is told in events, leases, health and discovery. RequestReceived is never written: a request
 * that starts a stream is written when the stream starts and when it ends, every other once.
 */
export function isRecorded(event: AuditEvent): boolean {
  if (event.stage === 'RequestReceived') return false;
  if ((event.responseStatus?.code ?? 0) >= 400) return isRefusal(event);
  const { objectRef, user } = event;
  if ([user, user.impersonatedBy].some((one) => one?.groups.includes('system:masters'))) return true;
  if (objectRef === undefined) return !(reading.has(event.verb) && quietPaths.test(event.requestURI));
  // Who deletes events would hide what happened.
  if (objectRef.resource === 'events') return event.verb.startsWith('delete');
  const component = isComponent(user);
  if (objectRef.resource === 'leases' && component) return false;
  if (objectRef.resource === 'secrets') return true;
  return !(component && (isReading(event) || isStatusReport(event)));
}

/** A session in a container, and what goes through a proxy, begin with GET as well. */
const isReading = ({ verb, objectRef }: AuditEvent): boolean =>
  reading.has(verb) && !streams.has(objectRef?.subresource ?? '');

/** Nodes and controllers report states, and what they saw, all the time; what they decide is written. */
function isStatusReport({ objectRef }: AuditEvent): boolean {
  return objectRef?.subresource === 'status' || objectRef?.resource === 'observationreports';
}

/** Nobody is attacked by a component that finds an object gone or changed. */
function isRefusal({ responseStatus, user }: AuditEvent): boolean {
  const ordinary = [404, 409, 410].includes(responseStatus?.code ?? 0);
  return !(ordinary && isComponent(user));
}
