import { columns } from '../../foundation/columns.ts';
import { type ObjectRef, refText } from '../snapshot/snapshot.ts';
import { printable } from './printable.ts';

/** A table, with cells that are made safe to print. */
export const table = (titles: string[], rows: string[][]): string[] =>
  columns([titles, ...rows.map((row) => row.map(printable))]);

/** A table with lines below each row, for what would make it wider than a terminal. */
export function detailedTable(titles: string[], rows: { cells: string[]; below: string[] }[]): string[] {
  const [head = '', ...lines] = table(
    titles,
    rows.map(({ cells }) => cells),
  );
  return [head, ...lines.flatMap((line, at) => [line, ...rows[at]!.below.map((text) => `    ${printable(text)}`)])];
}

export const refsText = (refs: ObjectRef[]): string => refs.map(refText).join(', ');

/** What was not judged, after everything else: nothing that is missing is taken for absent. */
export const notAssessedLines = (reasons: string[]): string[] =>
  reasons.length === 0 ? [] : ['', 'Not assessed', ...reasons.map((reason) => `    ${printable(reason)}`)];

export const asJson = (value: object): string => `${JSON.stringify({ version: 1, ...value }, null, 2)}\n`;

export const asText = (lines: string[]): string => `${lines.join('\n')}\n`;
