import { type ObjectRef, refText } from '../snapshot/snapshot.ts';
import { printable } from './printable.ts';

/** Columns as wide as their widest cell. Cells are made safe to print. */
export function columns(titles: string[], rows: string[][]): string[] {
  const all = [titles, ...rows.map((row) => row.map(printable))];
  const widths = titles.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}

export const refsText = (refs: ObjectRef[]): string => refs.map(refText).join(', ');

/** What was not judged, after everything else: nothing that is missing is taken for absent. */
export const notAssessedLines = (reasons: string[]): string[] =>
  reasons.length === 0 ? [] : ['', 'Not assessed', ...reasons.map((reason) => `    ${printable(reason)}`)];

export const asJson = (value: object): string => `${JSON.stringify({ version: 1, ...value }, null, 2)}\n`;

export const asText = (lines: string[]): string => `${lines.join('\n')}\n`;
