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
    pass: [
      [withArguments('--password-file=/secret/password', '--token', '$(TOKEN)')],
      [withArguments('-c', 'PASSWORD="$(cat /secret/password)" client --password="$PASSWORD" --token $TOKEN')],
    ],
    fail: [
      [withArguments('--password=correct-horse')],
      [withArguments('--api-key', 'correct-horse')],
      [withArguments('-c', 'exec client --user=web --password=correct-horse')],
      [withArguments('-c', 'PASSWORD="correct-horse" client')],
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
          const found = secretFlag(word, words[index + 1]) ?? secretInScript(word);
          if (!key && found === undefined) continue;
          // The value itself is not repeated in reports.
          const what = key ? 'holds a key or a password' : `${found?.name} looks like one, by its name`;
          const detail = `${list} of container "${container['name']}": ${what}`;
          const place = found?.isNext && !key ? index + 1 : index;
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

/** A flag that looks like a secret, with its value in the same word or in the next. */
function secretFlag(word: string, next: string | undefined): { name: string; isNext: boolean } | undefined {
  const [, flag = '', inline] = /^--?([\w-]+)(?:=(.*))?$/s.exec(word) ?? [];
  const value = inline ?? (next?.startsWith('-') ? undefined : next);
  return flag !== '' && looksSecret(flag, value) ? { name: `--${flag}`, isNext: inline === undefined } : undefined;
}

/** What is given to a shell is words again: flags of its commands, and variables that it sets for them. */
function secretInScript(script: string): { name: string; isNext: boolean } | undefined {
  const words = script.replaceAll(/["']/g, '').split(/[\s;&|()]+/);
  if (words.length === 1) return undefined;
  for (const [index, word] of words.entries()) {
    const [, name = '', value] = /^(\w+)=(.*)$/.exec(word) ?? [];
    if (looksSecret(name, value)) return { name, isNext: false };
    const found = secretFlag(word, words[index + 1]);
    if (found !== undefined) return { ...found, isNext: false };
  }
  return undefined;
}
