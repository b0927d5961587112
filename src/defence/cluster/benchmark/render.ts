import { styleText } from 'node:util';
import { printable } from '../../report/printable.ts';
import type { BenchmarkReport, Row } from './benchmark.ts';
import { type OutcomeVerdict, sectionOf, sections } from './item.ts';

const colours = { pass: 'green', fail: 'red', 'not assessed': 'yellow', 'not applicable': 'dim' } as const;

/** For people: every item under its section, with the reason of its verdict. */
export function renderBenchmark(report: BenchmarkReport, colour: boolean): string {
  const { rows, document, about, counts } = report;
  const paint = (verdict: OutcomeVerdict, text: string) =>
    colour ? styleText(colours[verdict], text, { validateStream: false }) : text;
  const lines = [`${document}, on ${printable(about)}`];
  for (const [section, members] of Map.groupBy(rows, sectionTitle)) {
    if (section !== '') lines.push('', section);
    for (const { id, level, automated, title, verdict, why } of members) {
      const about = level === undefined ? '' : ` (level ${level}${automated ? '' : ', left to a person'})`;
      const number = id.replace(/^CIS /, '').padEnd(level === undefined ? 0 : 7);
      lines.push(
        `${paint(verdict, verdict.padEnd(15))}${number} ${title}${about}`,
        `${' '.repeat(15)}  ${printable(why)}`,
      );
    }
  }
  const { pass, fail } = counts;
  lines.push(
    '',
    `${pass} of ${rows.length} pass, ${fail} fail, ${counts['not applicable']} do not apply, ` +
      `${counts['not assessed']} are not assessed: of those nothing is said.`,
  );
  return `${lines.join('\n')}\n`;
}

function sectionTitle({ id, level }: Row): string {
  if (level === undefined) return '';
  const section = sectionOf(id.replace(/^CIS /, ''));
  return `${section} ${sections[section]}`;
}

/** For programs. Fields are only ever added; `version` changes when one means something else. */
export const benchmarkJson = (report: BenchmarkReport): string =>
  `${JSON.stringify({ version: 1, ...report }, null, 2)}\n`;
