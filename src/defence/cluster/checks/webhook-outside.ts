import { type Check, failOn } from '../../contract.ts';
import { concerns, exampleWebhook, webhookKinds, webhooksIn } from '../webhooks.ts';

const at = (url: string, resources = ['pods']) =>
  exampleWebhook({
    clientConfig: { url },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], resources, operations: ['CREATE'] }],
  });

export const webhookOutside: Check = {
  id: 'webhook/outside',
  level: 'cluster',
  severity: 'medium',
  title: 'No webhook outside the cluster is shown what is written',
  kinds: webhookKinds,
  why: 'it gets every object in full: whoever runs that address, or takes it over, reads them and may refuse or change them',
  mend: 'run the webhook in the cluster and name its Service',
  benchmark: ['NSA network separation and hardening'],
  examples: {
    pass: [[exampleWebhook()], [at('https://127.0.0.1:9443/validate')]],
    fail: [[at('https://hooks.example/validate')], [at('https://hooks.example/validate', ['secrets'])]],
  },
  judge(object) {
    return failOn(
      webhooksIn(object).flatMap(({ webhook, field }) => {
        const url = webhook['clientConfig']?.url;
        if (typeof url !== 'string' || /^https:\/\/(127\.|localhost[:/]|\[::1\]|[\w.-]+\.svc[:/])/.test(url)) return [];
        const secrets = concerns(webhook, 'secrets');
        const detail = `${webhook['name']} asks ${url}${secrets ? ', also about Secrets, with their contents' : ''}`;
        const severity = secrets ? ('high' as const) : ('medium' as const);
        return [{ field: [...field, 'clientConfig', 'url'], reason: 'objects leave the cluster', detail, severity }];
      }),
    );
  },
};
