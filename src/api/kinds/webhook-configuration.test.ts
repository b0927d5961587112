import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyExpressionsLengthMax } from '../admission-policy/limits.ts';
import { kindOf } from '../api.ts';
import { create, testFields } from '../testing/refusals.ts';

const webhooks = 'admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration';

testFields([
  [webhooks, 'webhooks.0.admissionReviewVersions', ['v2'], 'webhooks[0].admissionReviewVersions'],
  [webhooks, 'webhooks.0.clientConfig', { url: 'http://a.example.com' }, 'webhooks[0].clientConfig.url'],
  [
    webhooks,
    'webhooks.0.clientConfig',
    { service: { name: 'a', path: 'x/y', port: 70_000 } },
    'webhooks[0].clientConfig.service.namespace',
    'webhooks[0].clientConfig.service.path',
    'webhooks[0].clientConfig.service.path',
    'webhooks[0].clientConfig.service.port',
  ],
  [
    webhooks,
    'webhooks.0.matchConditions',
    [
      { name: 'not valid!', expression: 'object.metadata.name == "a"' },
      { name: 'b', expression: 'nobody' },
    ],
    'webhooks[0].matchConditions[0].name',
    'webhooks[0].matchConditions[1].expression',
  ],
  [
    webhooks,
    'webhooks.0.rules',
    [{ operations: ['*', 'CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], scope: 'All' }],
    'webhooks[0].rules[0].operations',
    'webhooks[0].rules[0].scope',
  ],
]);

test('webhooks have as much to compile as one policy, all together', () => {
  const errors = (length: number) =>
    kindOf('admissionregistration.k8s.io/v1', 'ValidatingWebhookConfiguration')!.validate(
      create('admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration', (configuration) => {
        const [webhook] = configuration.webhooks;
        const matchConditions = [{ name: 'a', expression: `'${'x'.repeat(length / 4 - 8)}' == ''` }];
        configuration.webhooks = ['one', 'two', 'three', 'four'].map((name) => ({
          ...webhook,
          name: `${name}.example.com`,
          matchConditions,
        }));
      }),
    );
  assert.deepEqual(errors(policyExpressionsLengthMax), []);
  assert.deepEqual(
    errors(policyExpressionsLengthMax + 4).map(({ field, reason }) => [field, reason]),
    [['webhooks', 'FieldValueForbidden']],
  );
});
