import { type Check, failOn } from '../../contract.ts';
import { concerns, exampleWebhook, isEverywhere, webhookKinds, webhooksIn } from '../webhooks.ts';

export const webhookDeadlock: Check = {
  id: 'webhook/deadlock',
  level: 'cluster',
  severity: 'medium',
  title: 'No webhook keeps itself, or the system, from starting again',
  kinds: webhookKinds,
  why: 'it is asked about every pod, its own and those of kube-system too: when it is down, nothing starts that would bring it up',
  mend: 'exempt kube-system and the namespace of the webhook with a namespaceSelector',
  benchmark: ['NSA upgrading and application security'],
  examples: {
    pass: [[exampleWebhook()], [exampleWebhook({ failurePolicy: 'Ignore', namespaceSelector: {} })]],
    fail: [
      [exampleWebhook({ namespaceSelector: {} })],
      [exampleWebhook({ namespaceSelector: {}, failurePolicy: undefined })],
    ],
  },
  judge(object) {
    return failOn(
      webhooksIn(object)
        // Fail is the default of v1.
        .filter(({ webhook }) => webhook['failurePolicy'] !== 'Ignore' && webhook['clientConfig']?.service)
        .filter(({ webhook }) => isEverywhere(webhook) && concerns(webhook, 'pods', 'pods/*'))
        .map(({ webhook, field }) => ({
          field: [...field, 'namespaceSelector'],
          reason: 'may lock the cluster',
          detail: `${webhook['name']} must answer before any pod starts, in kube-system and its own namespace, too`,
        })),
    );
  },
};
