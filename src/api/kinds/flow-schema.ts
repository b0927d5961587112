import { defineKind } from '../define.ts';
import type { FlowSchema } from '../schema/types.d.ts';
import { ageColumn, conditionOf, nameColumn, none } from '../table.ts';

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
    { name: 'PriorityLevel', type: 'string', value: ({ spec }) => spec?.priorityLevelConfiguration.name },
    { name: 'MatchingPrecedence', type: 'integer', value: ({ spec }) => spec?.matchingPrecedence ?? 0 },
    { name: 'DistinguisherMethod', type: 'string', value: ({ spec }) => spec?.distinguisherMethod?.type ?? none },
    ageColumn,
    { name: 'MissingPL', type: 'string', value: missingLevel },
  ],
  defaults({ spec }) {
    if (spec) spec.matchingPrecedence ||= 1000;
  },
});
