import type { UserInfo } from '../api/user.ts';
import { formatMilliTime } from '../foundation/clock.ts';
import type { Reply, Services } from './context.ts';
import type { AuditEvent } from './contracts.ts';
import type { Handled } from './pipeline.ts';
import type { ServerRequest, Target } from './request.ts';

/** What is remembered of one request while it runs: for the audit, the metrics and the response's headers. */
export type Record = {
  identified(user: UserInfo, target: Target): void;
  warn(message: string): void;
  annotate(key: string, value: string): void;
  end(reply: Reply, leave: () => void): Handled;
};

/**
 * Warnings travel in headers, and many clients take 16 KiB of those at most: the first are told as they are, of more only
 * how they begin.
 */
const warningsMax = 40;
const wholeLengthMax = 8192;
const beginningLengthMax = 64;
/** As a header has it: see `quoted` of http/respond.ts. */
const lengthOf = (warning: string) => warning.replace(/[\\"]/g, '\\$&').length;
/** As upstream cuts user agents; no name is longer. */
const auditedLengthMax = 1024;
const short = (text: string) =>
  text.length <= auditedLengthMax ? text : `${text.slice(0, auditedLengthMax)}...TRUNCATED`;
/** Which objects were meant, and what was executed, stands in the URL only. Reviews of oneself anybody may create. */
const isToldInFull = (code: number, target: Target | undefined): boolean =>
  code < 400 && target?.isResource === true && (target.verb !== 'create' || target.subresource !== '');
const nobody: UserInfo = { username: '', groups: [] };

export function createRecord(services: Services, request: ServerRequest, auditId: string): Record {
  const { clock, metrics, defences } = services;
  const receivedMs = clock.now();
  const startMs = clock.monotonicMs();
  const warnings: string[] = [];
  let warningsLength = 0;
  let annotations: { [key: string]: string } | undefined;
  let user = nobody;
  let target: Target | undefined;

  function audit(stage: AuditEvent['stage'], reply: Reply): void {
    const value = reply.body.form === 'value' ? (reply.body.value as { reason?: string } | undefined) : undefined;
    const { code } = reply;
    // A log keeps so many bytes: who is refused could otherwise push out what was done with few requests.
    defences.audit.record({
      auditID: auditId,
      stage,
      requestURI: isToldInFull(code, target) ? request.url : short(request.url),
      verb: target?.verb ?? request.method.toLowerCase(),
      user,
      sourceIPs: [request.remoteAddress],
      userAgent: short(request.userAgent),
      objectRef: target && referenceOf(target),
      responseStatus: code >= 400 && value?.reason !== undefined ? { code, reason: value.reason } : { code },
      requestReceivedTimestamp: formatMilliTime(receivedMs),
      stageTimestamp: formatMilliTime(clock.now()),
      annotations,
    });
  }

  return {
    identified(who, what) {
      user = who;
      target = what;
    },
    warn(message) {
      const isWhole = warningsLength + lengthOf(message) <= wholeLengthMax;
      const warning = isWhole ? message : message.slice(0, beginningLengthMax);
      // A write that is tried again because of another one is judged again.
      if (warnings.length === warningsMax || warnings.includes(warning)) return;
      if (isWhole) warningsLength += lengthOf(message);
      warnings.push(warning);
    },
    annotate(key, value) {
      annotations ??= {};
      annotations[key] = value;
    },
    end(reply, leave) {
      const { form } = reply.body;
      const streams = form === 'watch' || form === 'taken';
      audit(streams ? 'ResponseStarted' : 'ResponseComplete', reply);
      const counted = reply.code < 400 || isServed(services, target) ? target : undefined;
      if (!streams) metrics.observe(counted, reply.code, (clock.monotonicMs() - startMs) / 1000);
      if (!streams) leave();
      const finish = () => {
        if (!streams) return;
        leave();
        audit('ResponseComplete', reply);
        metrics.observe(target, reply.code, (clock.monotonicMs() - startMs) / 1000);
      };
      return { reply, warnings, auditId, target, finish };
    },
  };
}

/** Names of resources are the client's to make up: what there is not gets no series of its own. */
function isServed({ kinds }: Services, target: Target | undefined): boolean {
  if (target === undefined || !target.isResource) return true;
  const { group, version, resource, subresource } = target;
  const subresources = kinds.find(group, version, resource)?.subresources;
  if (subresources === undefined || subresource === '') return subresources !== undefined;
  return [...['status', 'scale'], ...subresources.others.map(({ name }) => name)].includes(subresource);
}

function referenceOf(target: Target): AuditEvent['objectRef'] {
  if (!target.isResource) return undefined;
  const { resource, namespace, name, group, version, subresource } = target;
  return {
    resource: short(resource),
    namespace: short(namespace) || undefined,
    name: short(name) || undefined,
    apiGroup: short(group) || undefined,
    apiVersion: short(version),
    subresource: short(subresource) || undefined,
  };
}
