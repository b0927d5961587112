import { defineKind } from '../define.ts';
import type { ComponentStatus } from '../schema/types.d.ts';
import { nameColumn } from '../table.ts';

const healthy = ({ conditions }: ComponentStatus) => conditions?.find(({ type }) => type === 'Healthy');

/** Read only: the server makes these up from its own health. */
export const componentStatus = defineKind<ComponentStatus>({
  kind: 'ComponentStatus',
  resource: 'componentstatuses',
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  shortNames: ['cs'],
  namespaced: false,
  verbs: ['get', 'list'],
  wholeTable: true,
  columns: [
    nameColumn,
    {
      name: 'Status',
      type: 'string',
      value: (object) => {
        const condition = healthy(object);
        if (!condition) return 'Unknown';
        return condition.status === 'True' ? 'Healthy' : 'Unhealthy';
      },
    },
    { name: 'Message', type: 'string', value: (object) => healthy(object)?.message ?? '' },
    { name: 'Error', type: 'string', value: (object) => healthy(object)?.error ?? '' },
  ],
});
