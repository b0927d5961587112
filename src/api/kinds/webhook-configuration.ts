import { defineKind } from '../define.ts';
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { duplicate, invalidValue, required } from '../validation/errors.ts';
import { validateSelector } from '../validation/selectors.ts';
import { checkEnum, checkRange } from '../validation/values.ts';

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
const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];

/** Source: kubernetes/kubernetes pkg/apis/admissionregistration/validation/validation.go. */
function validateWebhooks(webhooks: Webhook[] = []): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  webhooks.forEach((webhook, index) => {
    const at = `webhooks[${index}]`;
    const { name, clientConfig, rules = [], admissionReviewVersions } = webhook;
    if ((name ?? '').split('.').length < 3)
      errors.push(
        invalidValue(`${at}.name`, name ?? '', 'should be a domain with at least three segments separated by dots'),
      );
    if (names.has(name)) errors.push(duplicate(`${at}.name`, name));
    names.add(name);
    checkEnum(webhook.failurePolicy, ['Fail', 'Ignore'], `${at}.failurePolicy`, errors);
    checkEnum(webhook.matchPolicy, ['Equivalent', 'Exact'], `${at}.matchPolicy`, errors);
    checkEnum(webhook.sideEffects, ['None', 'NoneOnDryRun'], `${at}.sideEffects`, errors);
    checkRange(webhook.timeoutSeconds, 1, 30, `${at}.timeoutSeconds`, errors);
    if (!admissionReviewVersions?.length)
      errors.push(required(`${at}.admissionReviewVersions`, 'must specify one of v1, v1beta1'));
    if (!clientConfig?.url === !clientConfig?.service)
      errors.push(required(`${at}.clientConfig`, 'exactly one of url or service is required'));
    if (clientConfig?.url && !/^https:\/\/[^@?#\s]+$/.test(clientConfig.url))
      errors.push(
        invalidValue(
          `${at}.clientConfig.url`,
          clientConfig.url,
          "'https' is the only allowed URL scheme, without user, query and fragment",
        ),
      );
    validateSelector(webhook.namespaceSelector, `${at}.namespaceSelector`, errors);
    validateSelector(webhook.objectSelector, `${at}.objectSelector`, errors);
    rules.forEach((rule, position) => {
      const field = `${at}.rules[${position}]`;
      if (!rule.operations?.length) errors.push(required(`${field}.operations`));
      for (const operation of rule.operations ?? []) checkEnum(operation, operations, `${field}.operations`, errors);
      for (const list of ['apiGroups', 'apiVersions', 'resources'] as const)
        if (!rule[list]?.length) errors.push(required(`${field}.${list}`));
    });
  });
  return errors;
}
