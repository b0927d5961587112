import { defineKind } from '../define.ts';
import type { ConfigMap } from '../schema/types.d.ts';

export const configMap = defineKind<ConfigMap>({
  kind: 'ConfigMap',
  resource: 'configmaps',
  shortNames: ['cm'],
  columns: [
    {
      name: 'Data',
      type: 'integer',
      value: ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    },
  ],
});
