import { type Check, type Finding, failOn } from '../../contract.ts';
import { containersIn, examplePod, workloadKinds } from '../../workload.ts';
import { holdsKey, looksSecret } from '../secret-names.ts';

const withArguments = (...args: string[]) =>
  examplePod(({ spec }) => {
    spec.containers[0].args = args;
  });

export const secretInArguments: Check = {
  id: 'secret-in-arguments',
  level: 'cluster',
  severity: 'medium',
  title: 'No secret is written into a command',
  kinds: workloadKinds,
  why: 'arguments are in the manifest, in every copy of it, and shown to every process of the node that lists processes',
  mend: 'keep it in a Secret, mount it as a file and name the file',
  benchmark: ['CIS 5.4.1', 'NSA authentication and authorization'],
  examples: {
    pass: [[withArguments('--password-file=/secret/password', '--token', '$(TOKEN)')]],
    fail: [
      [withArguments('--password=correct-horse')],
      [withArguments('--api-key', 'correct-horse')],
      [withArguments('-----BEGIN EC PRIVATE KEY-----')],
    ],
  },
  judge(object) {
    const findings: Finding[] = [];
    for (const { container, field } of containersIn(object))
      for (const list of ['command', 'args']) {
        const words = ((container[list] ?? []) as unknown[]).map(String);
        for (const [index, word] of words.entries()) {
          const key = holdsKey(word);
          const [, flag = '', inline] = /^--?([\w-]+)(?:=(.*))?$/s.exec(word) ?? [];
          const next = words[index + 1];
          const value = inline ?? (next?.startsWith('-') ? undefined : next);
          if (!key && (flag === '' || !looksSecret(flag, value))) continue;
          // The value itself is not repeated in reports.
          const what = key ? 'holds a key' : `--${flag} looks like one, by its name`;
          const detail = `${list} of container "${container['name']}": ${what}`;
          const place = inline === undefined && !key ? index + 1 : index;
          findings.push({
            field: [...field, list, place],
            reason: 'secret in the open',
            detail,
            severity: key ? 'high' : 'medium',
          });
        }
      }
    return failOn(findings);
  },
};
