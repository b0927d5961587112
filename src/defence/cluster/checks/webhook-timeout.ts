import { type Check, failOn } from '../../contract.ts';
import { pointer } from '../../field.ts';
import { exampleWebhook, webhookKinds, webhooksIn } from '../webhooks.ts';

const maxSeconds = 10;

export const webhookTimeout: Check = {
  id: 'webhook/timeout',
  level: 'cluster',
  severity: 'low',
  title: 'No webhook is waited for more than ten seconds',
  kinds: webhookKinds,
  why: 'every write that it is asked about waits that long when it hangs, and several webhooks add up',
  mend: 'set timeoutSeconds to what it needs, 10 at most',
  benchmark: ['NSA upgrading and application security'],
  examples: { pass: [[exampleWebhook()]], fail: [[exampleWebhook({ timeoutSeconds: 30 })]] },
  judge(object) {
    return failOn(
      webhooksIn(object)
        .filter(({ webhook }) => webhook['timeoutSeconds'] > maxSeconds)
        .map(({ webhook, field }) => {
          const place = [...field, 'timeoutSeconds'];
          const patch = [{ op: 'replace', path: pointer(place), value: maxSeconds }];
          return { field: place, reason: 'waits long', detail: `${webhook['timeoutSeconds']} seconds`, patch };
        }),
    );
  },
};
