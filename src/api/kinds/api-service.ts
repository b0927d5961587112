import { defineKind } from '../define.ts';
import type { APIService } from '../schema/types.d.ts';
import { conditionOf } from '../table.ts';
import { ErrorList, invalidValue, required } from '../validation/errors.ts';
import { dns1035Label, dnsSubdomain } from '../validation/names.ts';
import { checkName } from '../validation/values.ts';

/** Source: kubernetes/kube-aggregator pkg/registry/apiservice/strategy.go. */
export const apiService = defineKind<APIService>({
  group: 'apiregistration.k8s.io',
  kind: 'APIService',
  resource: 'apiservices',
  anyFinalizer: true,
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
    const errors = new ErrorList();
    const name = `${spec?.version}.${spec?.group ?? ''}`;
    if (metadata.name !== name)
      errors.push(invalidValue('metadata.name', metadata.name, `must be \`spec.version+"."+spec.group\`: ${name}`));
    if (spec?.group && dnsSubdomain(spec.group))
      errors.push(invalidValue('spec.group', spec.group, dnsSubdomain(spec.group)!));
    checkName(spec?.version, dns1035Label, 'spec.version', errors);
    for (const [field, most] of [
      ['groupPriorityMinimum', 20_000],
      ['versionPriority', 1000],
    ] as const) {
      const priority = spec?.[field] ?? 0;
      if (priority <= 0 || priority > most)
        errors.push(invalidValue(`spec.${field}`, priority, `must be positive and less than ${most}`));
    }
    if (spec?.service) {
      for (const field of ['namespace', 'name'] as const)
        if (!spec.service[field]) errors.push(required(`spec.service.${field}`));
      const port = spec.service.port ?? 443;
      if (port < 1 || port > 65_535)
        errors.push(
          invalidValue('spec.service.port', port, 'port is not valid: must be between 1 and 65535, inclusive'),
        );
    } else {
      if (spec?.caBundle) errors.push(invalidValue('spec.caBundle', '…', 'local APIServices may not have a caBundle'));
      if (spec?.insecureSkipTLSVerify)
        errors.push(
          invalidValue('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify'),
        );
    }
    if (spec?.service && spec.insecureSkipTLSVerify && spec.caBundle)
      errors.push(invalidValue('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present'));
    return errors;
  },
  defaults({ spec }) {
    if (spec?.service) spec.service.port ??= 443;
  },
});
