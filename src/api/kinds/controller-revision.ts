import { defineKind } from '../define.ts';
import type { ControllerRevision } from '../schema/types.d.ts';
import { none } from '../table.ts';

export const controllerRevision = defineKind<ControllerRevision>({
  group: 'apps',
  kind: 'ControllerRevision',
  resource: 'controllerrevisions',
  columns: [
    { name: 'Controller', type: 'string', value: showController },
    { name: 'Revision', type: 'string', value: ({ revision }) => revision },
  ],
});

function showController({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  if (!owner) return none;
  const [group = '', version] = owner.apiVersion.split('/');
  return `${owner.kind.toLowerCase()}${version === undefined ? '' : `.${group}`}/${owner.name}`;
}
