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
      const { stage, auditID, verb, user, impersonatedUser, objectRef = {}, requestURI, sourceIPs } = event as any;
      if (stage === 'RequestReceived') return [];
      if (typeof auditID === 'string') {
        if (stage === 'ResponseComplete' && started.delete(auditID)) return [];
        if (stage === 'ResponseStarted' && started.size < idsMax) started.add(auditID);
      }
      const who = isObject(impersonatedUser) ? impersonatedUser : user;
      const timeMs = Date.parse(event['requestReceivedTimestamp'] as string);
      const seen = { firstMs: timeMs, lastMs: timeMs, count: 1 };
      const reference = isObject(objectRef) ? objectRef : {};
      const { resource = '', apiGroup = '', subresource = '', namespace = '', name = '' } = reference;
      const recorded: Recorded[] = [
        {
          type: 'calls',
          observed: {
            ...{ user: who?.username, groups: who?.groups ?? [], verb, resource, group: apiGroup, subresource },
            ...{ namespace, name, path: resource === '' ? pathOf(requestURI) : '', allowed: isAllowed(event), ...seen },
          },
        },
      ];
      // Those before the last were only claimed by the client: X-Forwarded-For.
      const address = Array.isArray(sourceIPs) ? sourceIPs.at(-1) : undefined;
      if (address !== undefined)
        recorded.push({ type: 'addresses', observed: { address, user: user?.username, ...seen } });
      return recorded;
    },
  };
}

const pathOf = (uri: unknown): string => (typeof uri === 'string' ? uri.split('?')[0]! : '');

function isAllowed({ annotations, responseStatus }: any): boolean {
  const decision = annotations?.['authorization.k8s.io/decision'];
  return decision === undefined ? ![401, 403].includes(responseStatus?.code) : decision === 'allow';
}
