import { defineKind } from '../define.ts';
import type { APIService } from '../schema/types.d.ts';
import { conditionOf } from '../table.ts';

/** Source: kubernetes/kube-aggregator pkg/registry/apiservice/strategy.go. */
export const apiService = defineKind<APIService>({
  group: 'apiregistration.k8s.io',
  kind: 'APIService',
  resource: 'apiservices',
  categories: ['api-extensions'],
  namespaced: false,
  status: true,
  columns: [
    {
      name: 'Service',
      type: 'string',
      value: ({ spec }) => (spec?.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local'),
    },
    {
      name: 'Available',
      type: 'string',
      value: (object) => {
        const condition = conditionOf(object, 'Available');
        if (!condition) return 'Unknown';
        return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason})`;
      },
    },
  ],
  defaults({ spec }) {
    if (spec?.service) spec.service.port ??= 443;
  },
});
