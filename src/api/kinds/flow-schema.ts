import { defineKind } from '../define.ts';
import type { FlowSchema } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { ageColumn, conditionOf, nameColumn, none } from '../table.ts';
import { required } from '../validation/errors.ts';
import { checkRange } from '../validation/values.ts';

function missingLevel(object: FlowSchema): string {
  const status = conditionOf(object, 'Dangling')?.status;
  return status === undefined ? '?' : status;
}

export const flowSchema = defineKind<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  kind: 'FlowSchema',
  resource: 'flowschemas',
  namespaced: false,
  status: true,
  wholeTable: true,
  columns: [
    nameColumn,
    { name: 'PriorityLevel', type: 'string', value: ({ spec }) => spec?.priorityLevelConfiguration?.name },
    { name: 'MatchingPrecedence', type: 'string', value: ({ spec }) => spec?.matchingPrecedence ?? 0 },
    { name: 'DistinguisherMethod', type: 'string', value: ({ spec }) => spec?.distinguisherMethod?.type ?? none },
    ageColumn,
    { name: 'MissingPL', type: 'string', value: missingLevel },
  ],
  validate({ spec }) {
    const errors: FieldError[] = [];
    checkRange(spec?.matchingPrecedence, 1, 10_000, 'spec.matchingPrecedence', errors);
    if (!spec?.priorityLevelConfiguration?.name) errors.push(required('spec.priorityLevelConfiguration.name'));
    return errors;
  },
  defaults({ spec }) {
    if (spec) spec.matchingPrecedence ||= 1000;
  },
});
