import { defineKind } from '../define.ts';
import type { RuntimeClass } from '../schema/types.d.ts';

export const runtimeClass = defineKind<RuntimeClass>({
  group: 'node.k8s.io',
  kind: 'RuntimeClass',
  resource: 'runtimeclasses',
  namespaced: false,
  columns: [{ name: 'Handler', type: 'string', value: ({ handler }) => handler }],
});
