import { defineKind } from '../define.ts';
import type { Service } from '../schema/types.d.ts';
import { isExposed, validateService } from '../services/validate.ts';
import { none, showLabels } from '../table.ts';
import { validateServicePoints } from '../validation/load-balancer.ts';
import { dnsLabel } from '../validation/names.ts';
import { serviceWarnings } from '../warnings/services.ts';

function externalAddresses({ spec, status }: Service): string {
  const { type, externalIPs = [], externalName } = spec ?? {};
  if (type === 'ExternalName') return externalName ?? '';
  if (type !== 'LoadBalancer') return externalIPs.length > 0 ? externalIPs.join(',') : none;
  const points = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
  const assigned = [...new Set(points.filter((point) => point !== ''))].sort();
  return [...assigned, ...externalIPs].filter((address) => address !== '').join(',') || '<pending>';
}

function ports({ spec }: Service): string {
  const shown = (spec?.ports ?? []).map(({ port, nodePort, protocol }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  );
  return shown.join(',') || none;
}

export const service = defineKind<Service>({
  kind: 'Service',
  resource: 'services',
  warnings: serviceWarnings,
  hasGeneration: false,
  returnsDeleted: true,
  createdByUpdate: true,
  shortNames: ['svc'],
  categories: ['all'],
  status: true,
  validateStatus: ({ spec, status }) => validateServicePoints(status?.loadBalancer?.ingress, spec?.type),
  subresources: [{ name: 'proxy', kind: 'ServiceProxyOptions', verbs: ['create', 'delete', 'get', 'patch', 'update'] }],
  selectableFields: ['spec.clusterIP', 'spec.type'],
  columns: [
    { name: 'Type', type: 'string', value: ({ spec }) => spec?.type },
    { name: 'Cluster-IP', type: 'string', value: ({ spec }) => spec?.clusterIP || none },
    { name: 'External-IP', type: 'string', value: externalAddresses },
    { name: 'Port(s)', type: 'string', value: ports },
    { name: 'Selector', type: 'string', priority: 1, value: ({ spec }) => showLabels(spec?.selector) },
  ],
  name: dnsLabel,
  validate: validateService,
  defaults: defaultService,
  prepareCreate(object) {
    object.status = { loadBalancer: {} };
  },
});

/** Source: kubernetes/kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_Service. */
function defaultService(object: Service): void {
  object.spec ??= {};
  const { spec } = object;
  spec.sessionAffinity ||= 'None';
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig;
  else if (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined)
    spec.sessionAffinityConfig = { clientIP: { timeoutSeconds: 10800 } };
  spec.type ||= 'ClusterIP';
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP';
    port.targetPort ||= port.port;
  }
  if (isExposed(spec)) spec.externalTrafficPolicy ||= 'Cluster';
  if (spec.type !== 'ExternalName') spec.internalTrafficPolicy ??= 'Cluster';
  if (spec.type === 'LoadBalancer') {
    spec.allocateLoadBalancerNodePorts ??= true;
    for (const point of object.status?.loadBalancer?.ingress ?? []) if (point.ip) point.ipMode ??= 'VIP';
  }
}
