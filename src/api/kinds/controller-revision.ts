import { defineKind } from '../define.ts';
import type { ControllerRevision } from '../schema/types.d.ts';
import { none } from '../table.ts';
import { ErrorList, immutable, required } from '../validation/errors.ts';
import { checkNotNegative, sameValue } from '../validation/values.ts';

export const controllerRevision = defineKind<ControllerRevision>({
  group: 'apps',
  kind: 'ControllerRevision',
  resource: 'controllerrevisions',
  validate({ data, revision }, old) {
    const errors = new ErrorList();
    if (data === undefined) errors.push(required('data', 'data is mandatory'));
    checkNotNegative(revision, 'revision', errors);
    if (old && !sameValue(data, old.data)) errors.push(immutable('data', '…'));
    return errors;
  },
  columns: [
    { name: 'Controller', type: 'string', value: showController },
    { name: 'Revision', type: 'string', value: ({ revision }) => revision },
  ],
});

function showController({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller);
  if (!owner) return none;
  const [group = '', version] = (owner.apiVersion ?? '').split('/');
  return `${(owner.kind ?? '').toLowerCase()}${version === undefined ? '' : `.${group}`}/${owner.name}`;
}
