import { defineKind } from '../define.ts';
import type { PriorityLevelConfiguration } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { none } from '../table.ts';
import { required } from '../validation/errors.ts';
import { checkEnum, checkRange } from '../validation/values.ts';

const queuing = ({ spec }: PriorityLevelConfiguration) => spec?.limited?.limitResponse?.queuing;

export const priorityLevelConfiguration = defineKind<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  kind: 'PriorityLevelConfiguration',
  resource: 'prioritylevelconfigurations',
  namespaced: false,
  status: true,
  columns: [
    { name: 'Type', type: 'string', value: ({ spec }) => spec?.type },
    {
      name: 'NominalConcurrencyShares',
      type: 'string',
      value: ({ spec }) => spec?.limited?.nominalConcurrencyShares ?? none,
    },
    { name: 'Queues', type: 'string', value: (object) => queuing(object)?.queues ?? none },
    { name: 'HandSize', type: 'string', value: (object) => queuing(object)?.handSize ?? none },
    { name: 'QueueLengthLimit', type: 'string', value: (object) => queuing(object)?.queueLengthLimit ?? none },
  ],
  validate({ spec }) {
    const errors: FieldError[] = [];
    checkEnum(spec?.type, ['Exempt', 'Limited'], 'spec.type', errors);
    if (spec?.type === 'Limited' && !spec.limited) errors.push(required('spec.limited', 'must not be empty'));
    checkRange(spec?.limited?.lendablePercent, 0, 100, 'spec.limited.lendablePercent', errors);
    return errors;
  },
  // Source: kubernetes/kubernetes pkg/apis/flowcontrol/v1/defaults.go.
  defaults({ spec }) {
    if (spec?.type === 'Exempt') {
      spec.exempt ??= {};
      spec.exempt.nominalConcurrencyShares ??= 0;
      spec.exempt.lendablePercent ??= 0;
    }
    const limited = spec?.limited;
    if (!limited) return;
    limited.nominalConcurrencyShares ??= 30;
    limited.lendablePercent ??= 0;
    if (limited.limitResponse?.type !== 'Queue') return;
    limited.limitResponse.queuing ??= {};
    limited.limitResponse.queuing.queues ||= 64;
    limited.limitResponse.queuing.handSize ||= 8;
    limited.limitResponse.queuing.queueLengthLimit ||= 50;
  },
});
