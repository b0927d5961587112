import { stringify } from 'yaml';
import { type Check, levels } from './contract.ts';
import { bareKind } from './object-ref.ts';

/** docs/checks.md: every check with one example of each verdict. */
export function documentChecks(checks: Check[]): string {
  const lines = [
    '# Checks',
    '',
    'What `rempart check` judges. Written from the code by `tools/checks.ts`; the examples are tests, too.',
    '',
    ...['| check | severity | what is right |', '|---|---|---|'],
    ...checks.map(({ id, severity, title }) => `| [${id}](#${anchor(id)}) | ${severity} | ${title} |`),
  ];
  for (const level of levels) {
    const own = checks.filter((check) => check.level === level);
    lines.push('', `# Level: ${level}`, '');
    if (own.length === 0) lines.push('There are no checks of this level yet: it is *not assessed*.');
    for (const check of own) lines.push(...section(check));
  }
  return `${lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trimEnd()}\n`;
}

/** For people: nothing is an alias of what stands above. */
const manifest = (object: unknown) => stringify(object, { aliasDuplicateObjects: false }).trimEnd();

const anchor = (id: string) => id.toLowerCase().replaceAll('/', '');

function section({ id, title, severity, kinds, why, mend, benchmark, examples }: Check): string[] {
  const example = (name: string, objects: unknown[] | undefined) =>
    objects ? ['', `${name}:`, '', '```yaml', objects.map(manifest).join('\n---\n'), '```'] : [];
  const judged = kinds.includes('*') ? 'every object' : kinds.map(bareKind).join(', ');
  return [
    ...['', `## ${id}`, '', `${title}.`, ''],
    `- Severity: ${severity}. Judges: ${judged}.`,
    `- Why: ${why}.`,
    `- Mend: ${mend}.`,
    `- Answers: ${benchmark.join('; ')}.`,
    ...example('Passes', examples.pass[0]),
    ...example('Fails', examples.fail[0]),
  ];
}
