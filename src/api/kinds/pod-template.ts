import { defineKind } from '../define.ts';
import { defaultPodTemplate } from '../pods/defaults.ts';
import { validatePodTemplate } from '../pods/validate.ts';
import type { PodTemplate } from '../schema/types.d.ts';
import { containerColumns, nameColumn, showLabels } from '../table.ts';
import { ErrorList } from '../validation/errors.ts';

export const podTemplate = defineKind<PodTemplate>({
  kind: 'PodTemplate',
  resource: 'podtemplates',
  hasGeneration: true,
  returnsDeleted: true,
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
  validate({ template }) {
    const errors = new ErrorList();
    validatePodTemplate(template, 'template', errors);
    return errors;
  },
});
