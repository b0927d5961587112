import { defineKind } from '../define.ts';
import type { LimitRange } from '../schema/types.d.ts';
import { createdAtColumn, nameColumn } from '../table.ts';

export const limitRange = defineKind<LimitRange>({
  kind: 'LimitRange',
  resource: 'limitranges',
  shortNames: ['limits'],
  wholeTable: true,
  columns: [nameColumn, createdAtColumn],
  // Source: kubernetes/kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_LimitRangeItem.
  defaults({ spec }) {
    for (const item of spec?.limits ?? []) {
      if (item.type !== 'Container') continue;
      item.default = { ...item.max, ...item.default };
      item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
    }
  },
});
