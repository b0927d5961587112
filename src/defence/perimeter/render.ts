import { describeSubject } from '../../api/rbac/subject.ts';
import { refText } from '../object-ref.ts';
import { asText, detailedTable, notAssessedLines } from '../report/lines.ts';
import { printable } from '../report/printable.ts';
import { queryText } from './right-query.ts';
import type { Holder, WhoCan } from './who-can.ts';

/** For people. */
export function renderWhoCan(report: WhoCan): string {
  const { query, holders, always, indirect, notAssessed } = report;
  const lines = [`Who can ${queryText(query)}`, ''];
  if (holders.length === 0) lines.push('Nobody, by the bindings that were read.');
  else lines.push(...detailedTable(['SUBJECT', 'WHERE'], holders.map(holderRow)));
  lines.push('', ...always.map((who) => `Besides: ${who}`));
  if (indirect !== undefined) {
    lines.push('', `By detours: ${indirect.length}`);
    for (const { from, cost, steps } of indirect)
      lines.push(
        `  ${printable(from)} (cost ${cost})`,
        ...steps.map(({ to, why }) => `    → ${printable(to)}: ${printable(why)}`),
      );
  }
  return asText([...lines, ...notAssessedLines(notAssessed)]);
}

const runsMax = 3;

function holderRow(holder: Holder) {
  const { subject, namespace, names } = holder;
  const only = names.length > 0 ? `, only ${names.join(', ')}` : '';
  const cells = [describeSubject(subject), `${namespace === '' ? 'everywhere' : namespace}${only}`];
  return { cells, below: reasonLines(holder) };
}

function reasonLines({ binding, role, rule, runs }: Holder): string[] {
  const told = runs.slice(0, runsMax).map(({ ref, pods, token }) => {
    const about = [...(pods > 0 ? [`${pods} pods`] : []), ...(token ? [] : ['without its token'])].join(', ');
    return `${refText(ref)}${about && ` (${about})`}`;
  });
  const more = runs.length > runsMax ? [`and ${runs.length - runsMax} more`] : [];
  const by = `by ${refText(binding)}, which gives ${refText(role)}`;
  return [by, `by the rule ${rule}`, ...(told.length > 0 ? [`runs as it: ${[...told, ...more].join(', ')}`] : [])];
}
