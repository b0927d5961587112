import { defineKind } from '../define.ts';
import type { PriorityLevelConfiguration } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { none } from '../table.ts';
import { enumOf } from '../validation/enums.ts';
import { ErrorList, forbiddenValue, invalidValue, required } from '../validation/errors.ts';
import { checkEnum, checkNotNegative, checkPositive, checkRange } from '../validation/values.ts';

const queuingOf = ({ spec }: PriorityLevelConfiguration) => spec?.limited?.limitResponse?.queuing;

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
    { name: 'Queues', type: 'string', value: (object) => queuingOf(object)?.queues ?? none },
    { name: 'HandSize', type: 'string', value: (object) => queuingOf(object)?.handSize ?? none },
    { name: 'QueueLengthLimit', type: 'string', value: (object) => queuingOf(object)?.queueLengthLimit ?? none },
  ],
  validate: validateLevel,
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
    const queuing = limited.limitResponse?.queuing;
    if (!queuing) return;
    queuing.queues ||= 64;
    queuing.handSize ||= 8;
    queuing.queueLengthLimit ||= 50;
  },
});

type Limited = NonNullable<NonNullable<PriorityLevelConfiguration['spec']>['limited']>;
type Queuing = NonNullable<NonNullable<Limited['limitResponse']>['queuing']>;

const types = enumOf(['Exempt', 'Limited'], 'flowcontrol.v1.PriorityLevelConfigurationSpec.type');

const responses = enumOf(['Queue', 'Reject'], 'flowcontrol.v1.LimitResponse.type');

/** Source: kubernetes/kubernetes pkg/apis/flowcontrol/validation/validation.go, ValidatePriorityLevelConfiguration. */
function validateLevel({ metadata, spec }: PriorityLevelConfiguration): FieldError[] {
  const errors = new ErrorList();
  const { type, limited, exempt } = spec ?? {};
  checkEnum(type, types, 'spec.type', errors);
  if ((metadata.name === 'exempt') !== (type === 'Exempt'))
    errors.push(invalidValue('spec.type', type ?? '', "must be 'Exempt' if and only if `name` is 'exempt'"));
  if (type === 'Exempt' && limited)
    errors.push(forbiddenValue('spec.limited', 'must be nil if the type is not Limited'));
  if (type === 'Limited' && exempt) errors.push(forbiddenValue('spec.exempt', 'must be nil if the type is Limited'));
  if (type === 'Limited' && !limited) errors.push(required('spec.limited', 'must not be empty when type is Limited'));
  for (const [name, level] of Object.entries({ limited, exempt })) {
    checkNotNegative(level?.nominalConcurrencyShares, `spec.${name}.nominalConcurrencyShares`, errors);
    checkRange(level?.lendablePercent, 0, 100, `spec.${name}.lendablePercent`, errors);
  }
  if (!limited) return errors;
  checkNotNegative(limited.borrowingLimitPercent, 'spec.limited.borrowingLimitPercent', errors);
  const at = 'spec.limited.limitResponse';
  const response = limited.limitResponse;
  checkEnum(response?.type, responses, `${at}.type`, errors);
  if (response?.type === 'Reject' && response.queuing)
    errors.push(forbiddenValue(`${at}.queuing`, 'must be nil if limited.limitResponse.type is not Limited'));
  if (response?.type === 'Queue' && !response.queuing)
    errors.push(required(`${at}.queuing`, 'must not be empty if limited.limitResponse.type is Limited'));
  if (response?.type === 'Queue' && response.queuing) validateQueuing(response.queuing, `${at}.queuing`, errors);
  return errors;
}

const queuesMax = 10_000_000;
/** What shuffle sharding deals from: log2(queues) for every card of the hand. */
const entropyMax = 60;

function validateQueuing({ queues = 0, handSize = 0, queueLengthLimit }: Queuing, at: string, errors: FieldError[]) {
  checkPositive(queueLengthLimit, `${at}.queueLengthLimit`, errors);
  checkRange(queues, 1, queuesMax, `${at}.queues`, errors);
  checkPositive(handSize, `${at}.handSize`, errors);
  if (handSize > queues)
    errors.push(invalidValue(`${at}.handSize`, handSize, `should not be greater than queues (${queues})`));
  else if (handSize > 0 && queues > 0 && Math.ceil(Math.log2(queues) * handSize) > entropyMax)
    errors.push(
      invalidValue(
        `${at}.handSize`,
        handSize,
        `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than 60`,
      ),
    );
}
