import { policyExpressionsLengthMax } from '../admission-policy/limits.ts';
import { failurePolicies, reinvocations, validateConditions } from '../admission-policy/validate.ts';
import { matchPolicies, validateRule } from '../admission-policy/validate-match.ts';
import { defineKind } from '../define.ts';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { enumOf } from '../validation/enums.ts';
import { duplicate, ErrorList, forbiddenValue, invalidValue, required } from '../validation/errors.ts';
import { dns1035Label, dnsSubdomain } from '../validation/names.ts';
import { validateSelector } from '../validation/selectors.ts';
import { checkEnum, checkName, checkRange } from '../validation/values.ts';
import { validateWebhookService, validateWebhookUrl } from '../validation/webhook-client.ts';

/** Source: kubernetes/kubernetes pkg/apis/admissionregistration/v1/defaults.go. */
function defaultWebhook(webhook: MutatingWebhook | ValidatingWebhook): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
  for (const rule of webhook.rules ?? []) rule.scope ??= '*';
  if (webhook.clientConfig?.service) webhook.clientConfig.service.port ??= 443;
}

const columns = [
  {
    name: 'Webhooks',
    type: 'integer' as const,
    value: ({ webhooks }: { webhooks?: unknown[] }) => webhooks?.length ?? 0,
  },
];

export const mutatingWebhookConfiguration = defineKind<MutatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  kind: 'MutatingWebhookConfiguration',
  resource: 'mutatingwebhookconfigurations',
  anyFinalizer: true,
  hasGeneration: true,
  updatedByVersion: true,
  categories: ['api-extensions'],
  namespaced: false,
  columns,
  validate: ({ webhooks }) => validateWebhooks(webhooks),
  defaults({ webhooks }) {
    for (const webhook of webhooks ?? []) {
      defaultWebhook(webhook);
      webhook.reinvocationPolicy ??= 'Never';
    }
  },
});

export const validatingWebhookConfiguration = defineKind<ValidatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  kind: 'ValidatingWebhookConfiguration',
  resource: 'validatingwebhookconfigurations',
  anyFinalizer: true,
  hasGeneration: true,
  updatedByVersion: true,
  categories: ['api-extensions'],
  namespaced: false,
  columns,
  validate: ({ webhooks }) => validateWebhooks(webhooks),
  defaults({ webhooks }) {
    for (const webhook of webhooks ?? []) defaultWebhook(webhook);
  },
});

type Webhook = MutatingWebhook | ValidatingWebhook;
const reviewVersions = ['v1', 'v1beta1'];

/** Source: kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go. */
function validateWebhooks(webhooks: Webhook[] = []): FieldError[] {
  const errors = new ErrorList();
  const names = new Set<string>();
  // All are compiled, which takes a second for as much as one policy may have.
  const conditions = webhooks.flatMap(({ matchConditions = [] }) => matchConditions);
  const length = conditions.reduce((sum, { expression = '' }) => sum + expression.length, 0);
  const isTooMuch = length > policyExpressionsLengthMax;
  if (isTooMuch)
    errors.push(
      forbiddenValue('webhooks', `their conditions have more than ${policyExpressionsLengthMax} characters together`),
    );
  webhooks.forEach((webhook, index) => {
    const at = `webhooks[${index}]`;
    const { name = '', matchConditions = [], rules = [] } = webhook;
    validateName(name, `${at}.name`, errors);
    if (name && names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    for (const [field, allowed] of Object.entries(choices))
      checkEnum(webhook[field as keyof typeof choices], allowed, `${at}.${field}`, errors);
    if ('reinvocationPolicy' in webhook)
      checkEnum(webhook.reinvocationPolicy, reinvocations, `${at}.reinvocationPolicy`, errors);
    checkRange(webhook.timeoutSeconds, 1, 30, `${at}.timeoutSeconds`, errors);
    validateVersions(webhook.admissionReviewVersions, `${at}.admissionReviewVersions`, errors);
    validateClient(webhook.clientConfig, `${at}.clientConfig`, errors);
    validateSelector(webhook.namespaceSelector, `${at}.namespaceSelector`, errors);
    validateSelector(webhook.objectSelector, `${at}.objectSelector`, errors);
    rules.forEach((rule, position) => {
      validateRule(rule, `${at}.rules[${position}]`, errors);
    });
    if (!isTooMuch) errors.push(...validateConditions(matchConditions, at));
  });
  return errors;
}

const choices = {
  failurePolicy: failurePolicies,
  matchPolicy: matchPolicies,
  sideEffects: enumOf(
    ['None', 'NoneOnDryRun'],
    'admissionregistration.v1.ValidatingWebhook.sideEffects',
    'admissionregistration.v1.MutatingWebhook.sideEffects',
  ),
};

function validateName(name: string, field: string, errors: FieldError[]): void {
  checkName(name, dnsSubdomain, field, errors);
  if (name && name.split('.').length < 3)
    errors.push(invalidValue(field, name, 'should be a domain with at least three segments separated by dots'));
}

function validateVersions(versions: string[] = [], field: string, errors: FieldError[]): void {
  if (versions.length === 0) errors.push(required(field, `must specify one of ${reviewVersions.join(', ')}`));
  const seen = new Set<string>();
  versions.forEach((version, index) => {
    const wrong = seen.has(version) ? 'duplicate version' : dns1035Label(version);
    if (wrong) errors.push(invalidValue(`${field}[${index}]`, version, wrong));
    seen.add(version);
  });
  if (versions.length > 0 && !versions.some((version) => reviewVersions.includes(version)))
    errors.push(invalidValue(field, versions, `must include at least one of ${reviewVersions.join(', ')}`));
}

function validateClient(client: Webhook['clientConfig'], field: string, errors: FieldError[]): void {
  const { url, service } = client ?? {};
  if ((url === undefined) === (service === undefined))
    errors.push(required(field, 'exactly one of url or service is required'));
  else if (url !== undefined) validateWebhookUrl(url, `${field}.url`, errors);
  else validateWebhookService(service!, `${field}.service`, errors);
}
