import { stringify } from 'yaml';
import { yamlOptions } from '../../api/yaml.ts';
import { columns } from '../../foundation/columns.ts';
import { type ObjectRef, refText } from '../object-ref.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { printable } from './printable.ts';
import { provenanceOf } from './provenance.ts';

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

/**
 * For programs: the report, and when, by what and on what it was made. Fields are only ever added; when one means
 * something else, the report brings the next `version`.
 */
export const asJson = (
  report: object,
  judged: { snapshot: Snapshot; about: string },
  replacer?: (key: string, value: any) => unknown,
): string => `${JSON.stringify({ version: 1, ...provenanceOf(judged), ...report }, replacer, 2)}\n`;

export const asText = (lines: string[]): string => `${lines.join('\n')}\n`;

/** Documents that kubectl applies, without aliases and folded lines, texts quoted that it would take for something else: nothing to be misread by whoever reviews them. */
export const asYaml = (objects: object[]): string =>
  objects
    .map((object) => stringify(object, { ...yamlOptions, aliasDuplicateObjects: false, lineWidth: 0 }))
    .join('---\n');
