import { severities } from '../../contract.ts';
import { formatField } from '../../field.ts';
import { objectText } from '../../object-ref.ts';
import { escaped } from '../../report/printable.ts';
import { excusedText, unusedText } from '../exceptions.ts';
import type { Failure } from '../judge.ts';
import {
  type CheckReport,
  coverageLine,
  findingsLine,
  groupedUnassessed,
  judgedNothing,
  madeOf,
  namesOf,
  placeOf,
} from './report.ts';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
code { font-size: .9em; overflow-wrap: break-word; }
details { margin-bottom: 1rem; }
summary { cursor: pointer; padding: .3rem 0; }
.severity { display: inline-block; min-width: 5rem; font-weight: 600; }
.critical, .high { color: light-dark(#a40e26, #ff8f8f); }
.medium { color: light-dark(#7a4b00, #f0b658); }
.low { color: light-dark(#205493, #8ab8f5); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #8886; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .3rem 0; padding: .3rem .5rem; border: 1px solid #8886; }
h1, p, pre, td { overflow-wrap: anywhere; }
td:first-child { overflow-wrap: break-word; }
@media (max-width: 40rem) {
  table, tbody, tr, td { display: block; }
  thead { display: none; }
  td { border: 0; padding: .1rem 0; }
  tr { border-bottom: 1px solid #8886; padding: .4rem 0; }
}
`;

/** One page that needs nothing else: no script, no other file, nothing from any network. */
export function* renderHtml(report: CheckReport): Iterable<string> {
  const policy = `default-src 'none'; style-src 'unsafe-inline'`;
  const groups = [...severities].reverse().flatMap((severity) => [
    ...Map.groupBy(
      report.failures.filter((failure) => failure.severity === severity),
      ({ check }) => check,
    ).values(),
  ]);
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<title>rempart check</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>rempart check</h1>
<p>${escaped(report.about)}, for Kubernetes 1.${report.minor}. Made at <time>${report.madeAt}</time> by ${report.madeBy}.</p>
<p>${escaped(coverageLine(report))}.</p>
<p>${escaped(findingsLine(report))}</p>
<h2>Findings</h2>
`;
  if (judgedNothing(report)) yield '<p>Nothing was judged.</p>';
  else if (groups.length === 0) yield '<p>None in what was judged; see below for what was not.</p>';
  for (const group of groups) yield* groupHtml(group);
  yield `
<h2>Exceptions</h2>
${exceptionsHtml(report)}
<h2>Not assessed</h2>
${notAssessedHtml(report)}
<h2>Coverage</h2>
${coverageHtml(report)}
</main>
</body>
</html>
`;
}

function* groupHtml(failures: Failure[]): Iterable<string> {
  const { check, severity } = failures[0]!;
  yield `<details open>
<summary><span class="severity ${severity}">${severity}</span> ${escaped(check.title)} <code>${escaped(check.id)}</code> (${failures.length})</summary>
<p>Why: ${escaped(check.why)}. Mend: ${escaped(check.mend)}. Answers: ${escaped(check.benchmark.join('; '))}.</p>
`;
  yield tableHead([...(placeOf(failures[0]!) ? ['place'] : []), 'object', 'field', 'what']);
  for (const failure of failures) yield row(rowOf(failure));
  yield `${tableEnd}</details>\n`;
}

function rowOf(failure: Failure): string[] {
  const { judged, finding } = failure;
  const place = placeOf(failure);
  const patch = failure.mend();
  const shown = patch ? `<pre>${escaped(JSON.stringify(patch))}</pre>` : '';
  return [
    ...(place ? [`<code>${escaped(`${place.file}:${place.line}`)}</code>`] : []),
    escaped(`${objectText(judged.object)}${madeOf(failure)}`),
    // A long field may break where it has a dot.
    `<code>${escaped(formatField(finding.field)).replaceAll('.', '.<wbr>')}</code>`,
    `${escaped(`${finding.reason}: ${finding.detail}`)}${shown}`,
  ];
}

function exceptionsHtml({ exceptions }: CheckReport): string {
  if (exceptions.length === 0) return '<p>None were given.</p>';
  const rows = exceptions.map((exception) => {
    const { name, from, check, reason, owner, expires, expired, used } = exception;
    const until = `${expires}${expired ? ' (expired)' : ''}`;
    const state = used ? 'yes' : `no ${unusedText(exception)}`;
    return [name, from, check, excusedText(exception), reason, owner, until, state].map(escaped);
  });
  return table(['name', 'from', 'check', 'of', 'reason', 'owner', 'until', 'used'], rows);
}

function notAssessedHtml(report: CheckReport): string {
  const rows = [
    ...report.unreadable.map(({ what, why }) => ['unreadable', why, what].map(escaped)),
    ...groupedUnassessed(report).map(({ checks, why, whats }) => [namesOf(checks), why, listOf(whats)].map(escaped)),
  ];
  return rows.length === 0 ? '<p>Everything was assessed.</p>' : table(['check', 'why', 'what'], rows);
}

/** More than these are counted: a page with every pod of a cluster helps nobody. */
const whatsMax = 50;
const listOf = (whats: string[]) =>
  whats.slice(0, whatsMax).join(', ') + (whats.length > whatsMax ? `, and ${whats.length - whatsMax} more` : '');

function coverageHtml({ checks, coverage }: CheckReport): string {
  const rows = checks.map(({ id }) => {
    const { pass, fail, notApplicable, notAssessed } = coverage.get(id)!;
    return [`<code>${escaped(id)}</code>`, ...[pass, fail, notApplicable, notAssessed].map(String)];
  });
  return table(['check', 'pass', 'fail', 'not applicable', 'not assessed'], rows);
}

const tableHead = (titles: string[]) =>
  `<table><thead><tr>${titles.map((title) => `<th scope="col">${title}</th>`).join('')}</tr></thead><tbody>`;
const tableEnd = '</tbody></table>';
/** Cells are HTML already. */
const row = (cells: string[]) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>\n`;

const table = (titles: string[], rows: string[][]) => `${tableHead(titles)}${rows.map(row).join('')}${tableEnd}`;
