import { styleText } from 'node:util';
import { expiryText, unusedText } from '../judge/exceptions.ts';
import { asText } from '../report/lines.ts';
import { printable } from '../report/printable.ts';
import type { BenchmarkReport } from './benchmark.ts';
import type { OutcomeVerdict } from './item.ts';

const colours = { pass: 'green', fail: 'red', 'not assessed': 'yellow', 'not applicable': 'dim' } as const;

/** For people: every item under its section, with the reason of its verdict. */
export function renderBenchmark(report: BenchmarkReport, about: string, colour: boolean): string {
  const { rows, document, counts } = report;
  const paint = (verdict: OutcomeVerdict, text: string) =>
    colour ? styleText(colours[verdict], text, { validateStream: false }) : text;
  const lines = [`${document}, on ${printable(about)}`];
  for (const [section, members] of Map.groupBy(rows, (row) => row.section)) {
    lines.push('', section);
    for (const { id, level, automated, title, verdict, why } of members) {
      const number = id.replace(/^CIS /, report.benchmark === 'cis' ? '' : 'CIS ').padEnd(7);
      const kind = level === undefined ? '' : ` (level ${level}${automated ? '' : ', left to a person'})`;
      const mark = paint(verdict, verdict.padEnd(15));
      lines.push(`${mark}${number} ${title}${kind}`, `${' '.repeat(17)}${printable(why)}`);
    }
  }
  if (report.exceptions.length > 0) lines.push('', 'Exceptions');
  for (const exception of report.exceptions) {
    const { name, check, used, reason, owner, from } = exception;
    const state = expiryText(exception);
    const unused = used ? '' : ` ${unusedText(exception)}`;
    lines.push(`    ${printable(`${from}  ${name}: ${check}, ${state}${unused}; ${reason} (${owner})`)}`);
  }
  const { pass, fail } = counts;
  lines.push(
    '',
    `${pass} of ${rows.length} pass, ${fail} fail, ${counts['not applicable']} do not apply, ` +
      `${counts['not assessed']} are not assessed: of those nothing is said.`,
  );
  return asText(lines);
}
