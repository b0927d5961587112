import { type Check, failOn } from '../../contract.ts';
import { concerns, exampleWebhook, webhookKinds, webhooksIn } from '../webhooks.ts';

export const webhookFailsOpen: Check = {
  id: 'webhook/fails-open',
  level: 'cluster',
  severity: 'low',
  title: 'A webhook that judges pods or secrets refuses when it cannot answer',
  kinds: webhookKinds.slice(0, 1),
  why: 'whoever makes the webhook slow or breaks its service is not held against its rules any more',
  mend: 'set failurePolicy: Fail, exempt the namespace of the webhook itself, and run two replicas of it',
  benchmark: ['NSA pod security'],
  examples: {
    pass: [[exampleWebhook()], [exampleWebhook({ failurePolicy: 'Ignore', rules: [] })]],
    fail: [[exampleWebhook({ failurePolicy: 'Ignore' })]],
  },
  judge(object) {
    return failOn(
      webhooksIn(object)
        .filter(
          ({ webhook }) => webhook['failurePolicy'] === 'Ignore' && concerns(webhook, 'pods', 'pods/*', 'secrets'),
        )
        .map(({ webhook, field }) => ({
          field: [...field, 'failurePolicy'],
          reason: 'fails open',
          detail: `${webhook['name']} lets everything pass while it does not answer`,
        })),
    );
  },
};
