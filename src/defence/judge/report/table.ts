import { styleText } from 'node:util';
import { type Severity, severities } from '../../contract.ts';
import { formatField } from '../../field.ts';
import { objectText } from '../../object-ref.ts';
import { printable } from '../../report/printable.ts';
import { excusedText, expiryText, unusedText } from '../exceptions.ts';
import type { Failure } from '../judge.ts';
import { type CheckReport, coverageLine, findingsLine, groupedUnassessed, madeOf, namesOf, placeOf } from './report.ts';

const colours = { critical: ['bold', 'red'], high: ['red'], medium: ['yellow'], low: ['cyan'] } as const;
/** No file that --fix could write to. */
const standardInput = '-';
/** More places of one check are counted, not listed: other formats list all. */
const placesMax = 20;

/** For people: grouped by severity and check, then every place. */
export function renderTable(report: CheckReport, colour: boolean): string {
  const paint = (severity: Severity, text: string) =>
    colour ? styleText([...colours[severity]], text, { validateStream: false }) : text;
  const lines: string[] = [];
  for (const severity of [...severities].reverse()) {
    const group = report.failures.filter((failure) => failure.severity === severity);
    for (const [check, failures] of Map.groupBy(group, (failure) => failure.check)) {
      lines.push(
        `${paint(severity, severity.toUpperCase().padEnd(8))} ${check.id}: ${check.title} (${failures.length})`,
      );
      lines.push(`  why   ${check.why}`, `  mend  ${check.mend}`, `  for   ${check.benchmark.join('; ')}`);
      for (const failure of failures.slice(0, placesMax)) lines.push(...placeLines(failure));
      if (failures.length > placesMax) lines.push(`    … and ${failures.length - placesMax} more (--format json)`);
      lines.push('');
    }
  }
  lines.push(...exceptionLines(report), ...notAssessedLines(report), ...fixLines(report));
  lines.push(printable(coverageLine(report)), findingsLine(report));
  return `${lines.join('\n')}\n`;
}

function placeLines(failure: Failure): string[] {
  const place = placeOf(failure);
  const { finding, judged } = failure;
  const where = place ? `${place.file}:${place.line}  ` : '';
  const byFix = place !== undefined && place.file !== standardInput && !judged.origin?.hasAliases;
  const mend = failure.mend() ? (byFix ? '  [--fix mends it]' : '  [--format json has the patch]') : '';
  return [
    `    ${printable(`${where}${objectText(judged.object)}${madeOf(failure)}  ${formatField(finding.field)}`)}`,
    `      ${printable(finding.reason)}: ${printable(finding.detail)}${mend}`,
  ];
}

function exceptionLines({ waived, exceptions }: CheckReport): string[] {
  if (exceptions.length === 0) return [];
  const lines = ['Exceptions'];
  for (const exception of exceptions) {
    const count = waived.filter(
      (each) => each.exception.name === exception.name && each.exception.from === exception.from,
    ).length;
    const unused = exception.used ? '' : ` ${unusedText(exception)}`;
    const state = `${expiryText(exception)}${exception.expired ? '' : `, waives ${count}${unused}`}`;
    const excused = excusedText(exception);
    const text = `${exception.name}: ${exception.check}${excused && ` of ${excused}`}, ${state}; ${exception.reason} (${exception.owner})`;
    lines.push(`    ${printable(exception.from)}  ${printable(text)}`);
  }
  return [...lines, ''];
}

function notAssessedLines(report: CheckReport): string[] {
  const lines: string[] = [];
  for (const { what, why } of report.unreadable) lines.push(`    ${printable(what)}  ${printable(why)}`);
  if (lines.length > 0) lines.unshift('Unreadable');
  if (report.source === 'cluster' && report.unreadable.some(({ why }) => why.includes('forbidden')))
    lines.push('    (the role that `rempart reader` prints allows what is forbidden; Secrets by --with-secret-names)');
  const groups = groupedUnassessed(report);
  if (groups.length > 0) lines.push('Not assessed');
  for (const { why, checks, whats } of groups) {
    const shown = whats.slice(0, 3).join(', ') + (whats.length > 3 ? `, and ${whats.length - 3} more` : '');
    const by = checks.length > 0 ? `${namesOf(checks)}: ` : '';
    lines.push(`    ${by}${printable(why)}: ${printable(shown)}`);
  }
  return lines.length > 0 ? [...lines, ''] : [];
}

function fixLines({ fixes }: CheckReport): string[] {
  if (!fixes) return [];
  const lines = fixes.fixed.map(
    ({ file, objects }) => `Mended ${objects} object${objects === 1 ? '' : 's'} in ${file}`,
  );
  lines.push(...fixes.unfixed.map(({ file, line, why }) => `Not mended ${file}:${line}: ${why}`));
  return [...(lines.length > 0 ? lines : ['Nothing to mend by --fix']), ''];
}
