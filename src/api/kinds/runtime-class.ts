import { defineKind } from '../define.ts';
import { validateOverhead } from '../pods/resources.ts';
import { validateTolerations } from '../pods/scheduling.ts';
import type { RuntimeClass } from '../schema/types.d.ts';
import { ErrorList, immutable } from '../validation/errors.ts';
import { validateLabels } from '../validation/metadata.ts';
import { dnsLabel } from '../validation/names.ts';
import { checkName, checkUnique } from '../validation/values.ts';

export const runtimeClass = defineKind<RuntimeClass>({
  group: 'node.k8s.io',
  kind: 'RuntimeClass',
  resource: 'runtimeclasses',
  anyFinalizer: true,
  updatedByVersion: true,
  createdByUpdate: true,
  namespaced: false,
  validate({ handler, overhead, scheduling }, old) {
    const errors = new ErrorList();
    checkName(handler, dnsLabel, 'handler', errors);
    validateOverhead(overhead?.podFixed, 'overhead', errors);
    validateLabels(scheduling?.nodeSelector ?? {}, 'scheduling.nodeSelector', errors);
    const tolerations = scheduling?.tolerations ?? [];
    validateTolerations(tolerations, 'scheduling.tolerations', errors);
    checkUnique(tolerations, (index) => `scheduling.tolerations[${index}]`, errors);
    if (old && handler !== old.handler) errors.push(immutable('handler', handler));
    return errors;
  },
  columns: [{ name: 'Handler', type: 'string', value: ({ handler }) => handler }],
});
