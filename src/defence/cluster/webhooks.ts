import type { Manifest } from '../contract.ts';
import type { FieldPath } from '../field.ts';

const group = 'admissionregistration.k8s.io';
export const webhookKinds = [`ValidatingWebhookConfiguration.${group}`, `MutatingWebhookConfiguration.${group}`];

export type Webhook = { webhook: Record<string, any>; field: FieldPath };

export const webhooksIn = ({ webhooks }: Manifest): Webhook[] =>
  ((webhooks ?? []) as Record<string, any>[]).map((webhook, index) => ({ webhook, field: ['webhooks', index] }));

/** Is it asked about a resource of the core group, by name or by wildcard? */
export const concerns = ({ rules }: Record<string, any>, ...resources: string[]): boolean =>
  ((rules ?? []) as Record<string, string[]>[]).some(
    (rule) =>
      (rule['apiGroups'] ?? []).some((name) => name === '' || name === '*') &&
      (rule['resources'] ?? []).some((name) => ['*', '*/*', ...resources].includes(name)),
  );

const isEmpty = (value: unknown) => value === undefined || value === null || Object.keys(value as object).length === 0;
/** Nothing limits which objects it is asked about. */
export const isEverywhere = ({ namespaceSelector, objectSelector, matchConditions }: Record<string, any>): boolean =>
  isEmpty(namespaceSelector) && isEmpty(objectSelector) && isEmpty(matchConditions);

/** A webhook without an offence, that is asked about pods of the namespaces that ask for it. */
export const exampleWebhook = (fields: object = {}, kind = 'ValidatingWebhookConfiguration'): Manifest => ({
  apiVersion: `${group}/v1`,
  kind,
  metadata: { name: 'images' },
  webhooks: [
    {
      name: 'images.shop.example',
      clientConfig: { service: { namespace: 'shop', name: 'images' } },
      failurePolicy: 'Fail',
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
      namespaceSelector: { matchLabels: { images: 'verified' } },
      timeoutSeconds: 5,
      ...fields,
    },
  ],
});
