import type { Container } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { required, tooMany } from '../validation/errors.ts';
import { checkEnum, checkOptionalEnum } from '../validation/values.ts';

const restarts = enumOf(['Always', 'Never', 'OnFailure'], 'core.v1.Container.restartPolicy');
/** Upstream knows RestartAllContainers, too, which no node here does: refused, since it would not be done. */
const actions = enumOf(['Restart'], 'core.v1.ContainerRestartRule.action');
const operators = enumOf(['In', 'NotIn'], 'core.v1.ContainerRestartRuleOnExitCodes.operator');

const rulesMax = 20;
const exitCodesMax = 255;

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, validateContainerRestartPolicy. */
export function validateRestarts(
  { restartPolicy, restartPolicyRules: rules = [] }: Container,
  field: string,
  errors: FieldError[],
): void {
  checkOptionalEnum(restartPolicy, restarts, `${field}.restartPolicy`, errors);
  if (rules.length > 0 && restartPolicy === undefined)
    errors.push(required(`${field}.restartPolicy`, 'must specify restartPolicy when restart rules are used'));
  if (rules.length > rulesMax) errors.push(tooMany(`${field}.restartPolicyRules`, rules.length, rulesMax));
  rules.forEach(({ action, exitCodes }, index) => {
    const at = `${field}.restartPolicyRules[${index}]`;
    checkEnum(action, actions, `${at}.action`, errors);
    if (exitCodes === undefined) {
      errors.push(required(`${at}.exitCodes`, 'must be specified'));
      return;
    }
    checkEnum(exitCodes.operator, operators, `${at}.exitCodes.operator`, errors);
    const count = exitCodes.values?.length ?? 0;
    if (count > exitCodesMax) errors.push(tooMany(`${at}.exitCodes.values`, count, exitCodesMax));
  });
}
