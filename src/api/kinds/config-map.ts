import { defineKind } from '../define.ts';
import type { ConfigMap } from '../schema/types.d.ts';
import { validateData } from '../validation/data.ts';

export const configMap = defineKind<ConfigMap>({
  kind: 'ConfigMap',
  resource: 'configmaps',
  shortNames: ['cm'],
  validate: (object, old) => validateData(object, old, 'ConfigMap'),
  columns: [
    {
      name: 'Data',
      type: 'string',
      value: ({ data, binaryData }) => Object.keys(data ?? {}).length + Object.keys(binaryData ?? {}).length,
    },
  ],
});
