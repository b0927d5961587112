import { isObject } from '../../../foundation/json.ts';
import type { Parser, Recorded } from './formats.ts';

const idsMax = 10_000;

/**
 * Events of audit.k8s.io/v1, as API servers write them
 * (https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/). A stream is told when it starts and when it
 * ends, which is one request; what an audit policy leaves out was not watched.
 */
export function createAuditParser(): Parser {
  const started = new Set<string>();
  return {
    name: 'Kubernetes audit log',
    types: ['calls', 'addresses'],
    knows: ({ kind, apiVersion }) => kind === 'Event' && String(apiVersion).startsWith('audit.k8s.io/'),
    parse(event) {
      const { stage, auditID, user, sourceIPs } = event as any;
      if (stage === 'RequestReceived') return [];
      if (typeof auditID === 'string') {
        if (stage === 'ResponseComplete' && started.delete(auditID)) return [];
        if (stage === 'ResponseStarted' && started.size < idsMax) started.add(auditID);
      }
      const timeMs = Date.parse(event['requestReceivedTimestamp'] as string);
      const seen = { firstMs: timeMs, lastMs: timeMs, count: 1 };
      const recorded: Recorded[] = callsOf(event).map((call) => ({ type: 'calls', observed: { ...call, ...seen } }));
      // Those before the last were only claimed by the client: X-Forwarded-For.
      const address = Array.isArray(sourceIPs) ? sourceIPs.at(-1) : undefined;
      if (address !== undefined)
        recorded.push({ type: 'addresses', observed: { address, user: user?.username, ...seen } });
      return recorded;
    },
  };
}

/**
 * What was asked of the authorizer for one request. The record tells more than was known then: the name and the
 * namespace of what a POST made. It does not tell what else was asked: an apply that made its object needed `create` of
 * that name, and whoever acted as somebody else needed `impersonate`.
 */
function callsOf(event: Record<string, any>): object[] {
  const { verb, user, impersonatedUser, objectRef, requestURI, responseStatus } = event;
  const isActing = isObject(impersonatedUser);
  const who = isActing ? (impersonatedUser as any) : user;
  const { resource = '', apiGroup = '', subresource = '', ...place } = isObject(objectRef) ? (objectRef as any) : {};
  const { namespace = '', name = '' } = place;
  const isMade = verb === 'create' && subresource === '';
  const call = {
    ...{ user: who?.username, groups: who?.groups ?? [], verb, resource, group: apiGroup, subresource },
    ...{ namespace: isMade && resource === 'namespaces' ? '' : namespace, name: isMade ? '' : name },
    ...{ path: resource === '' ? pathOf(requestURI) : '', allowed: isAllowed(event) },
  };
  const isMadeByApply = verb === 'patch' && subresource === '' && responseStatus?.code === 201;
  return [
    call,
    ...(isMadeByApply ? [{ ...call, verb: 'create' }] : []),
    ...(isActing ? impersonations(user, impersonatedUser) : []),
  ];
}

const accountName = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** What acting as somebody takes; what the API server adds of itself was not asked for. */
function impersonations(user: any, { username, groups = [] }: any): object[] {
  const [, at, account] = accountName.exec(String(username)) ?? [];
  const asked = [
    account === undefined
      ? { resource: 'users', namespace: '', name: username }
      : { resource: 'serviceaccounts', namespace: at, name: account },
    ...(groups as unknown[])
      .filter((group) => group !== 'system:authenticated' && (account === undefined || !isOfAccounts(group)))
      .map((name) => ({ resource: 'groups', namespace: '', name })),
  ];
  return asked.map((about) => ({
    ...{ user: user?.username, groups: user?.groups ?? [], verb: 'impersonate', group: '', subresource: '', path: '' },
    ...{ allowed: true, ...about },
  }));
}

const isOfAccounts = (group: unknown) => /^system:serviceaccounts(:|$)/.test(String(group));

const pathOf = (uri: unknown): string => (typeof uri === 'string' ? uri.split('?')[0]! : '');

function isAllowed({ annotations, responseStatus }: any): boolean {
  const decision = annotations?.['authorization.k8s.io/decision'];
  return decision === undefined ? ![401, 403].includes(responseStatus?.code) : decision === 'allow';
}
