import { defineKind } from '../define.ts';
import type { PriorityClass } from '../schema/types.d.ts';
import { ageColumn, nameColumn } from '../table.ts';
import { ErrorList, forbiddenValue, immutable } from '../validation/errors.ts';
import { checkOptionalEnum, preemptionPolicies } from '../validation/values.ts';

/** Above it are the two classes that the system makes for itself. */
const userPriorityMax = 1_000_000_000;
const system = new Set(['system-node-critical', 'system-cluster-critical']);

export const priorityClass = defineKind<PriorityClass>({
  group: 'scheduling.k8s.io',
  kind: 'PriorityClass',
  resource: 'priorityclasses',
  hasGeneration: true,
  shortNames: ['pc'],
  namespaced: false,
  wholeTable: true,
  columns: [
    nameColumn,
    { name: 'Value', type: 'integer', value: ({ value }) => value ?? 0 },
    { name: 'Global-Default', type: 'boolean', value: ({ globalDefault }) => globalDefault ?? false },
    ageColumn,
    { name: 'PreemptionPolicy', type: 'string', value: ({ preemptionPolicy }) => preemptionPolicy },
  ],
  validate(object, old) {
    const errors = new ErrorList();
    const { value = 0, preemptionPolicy, metadata } = object;
    if (metadata.name?.startsWith('system-') && !system.has(metadata.name))
      errors.push(
        forbiddenValue('metadata.name', "priority class names with 'system-' prefix are reserved for system use only"),
      );
    else if (value > userPriorityMax && !system.has(metadata.name))
      errors.push(forbiddenValue('value', `maximum allowed value of a user defined priority is ${userPriorityMax}`));
    checkOptionalEnum(preemptionPolicy, preemptionPolicies, 'preemptionPolicy', errors);
    if (old && (old.value ?? 0) !== value) errors.push(forbiddenValue('value', 'may not be changed in an update.'));
    if (old && old.preemptionPolicy !== preemptionPolicy) errors.push(immutable('preemptionPolicy', preemptionPolicy));
    return errors;
  },
  defaults(object) {
    object.value ??= 0;
    object.preemptionPolicy ??= 'PreemptLowerPriority';
  },
});
