import { defineKind } from '../define.ts';
import type { APIService } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { conditionOf } from '../table.ts';
import { invalidValue } from '../validation/errors.ts';

/** Source: kubernetes/kube-aggregator pkg/registry/apiservice/strategy.go. */
export const apiService = defineKind<APIService>({
  group: 'apiregistration.k8s.io',
  kind: 'APIService',
  resource: 'apiservices',
  hasGeneration: false,
  updatedByVersion: true,
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
  validate({ metadata, spec }) {
    const errors: FieldError[] = [];
    const name = `${spec?.version}.${spec?.group ?? ''}`;
    if (metadata.name !== name)
      errors.push(invalidValue('metadata.name', metadata.name, `must be \`spec.version+"."+spec.group\`: ${name}`));
    if (spec?.service && spec.insecureSkipTLSVerify && spec.caBundle)
      errors.push(invalidValue('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'));
    return errors;
  },
  defaults({ spec }) {
    if (spec?.service) spec.service.port ??= 443;
  },
});
