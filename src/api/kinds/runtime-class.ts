import { defineKind } from '../define.ts';
import type { RuntimeClass } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { immutable } from '../validation/errors.ts';
import { dnsLabel } from '../validation/names.ts';
import { checkName } from '../validation/values.ts';

export const runtimeClass = defineKind<RuntimeClass>({
  group: 'node.k8s.io',
  kind: 'RuntimeClass',
  resource: 'runtimeclasses',
  updatedByVersion: true,
  createdByUpdate: true,
  namespaced: false,
  validate({ handler }, old) {
    const errors: FieldError[] = [];
    checkName(handler, dnsLabel, 'handler', errors);
    if (old && handler !== old.handler) errors.push(immutable('handler', handler));
    return errors;
  },
  columns: [{ name: 'Handler', type: 'string', value: ({ handler }) => handler }],
});
