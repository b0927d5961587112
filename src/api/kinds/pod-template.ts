import { defineKind } from '../define.ts';
import { defaultPodTemplate } from '../pods/defaults.ts';
import type { PodTemplate } from '../schema/types.d.ts';
import { containerColumns, nameColumn, showLabels } from '../table.ts';

export const podTemplate = defineKind<PodTemplate>({
  kind: 'PodTemplate',
  resource: 'podtemplates',
  wholeTable: true,
  columns: [
    nameColumn,
    ...containerColumns<PodTemplate>(({ template }) => template?.spec?.containers).map((column) => ({
      ...column,
      priority: 0,
    })),
    { name: 'Pod Labels', type: 'string', value: ({ template }) => showLabels(template?.metadata?.labels) },
  ],
  defaults: ({ template }) => defaultPodTemplate(template),
});
