import { styleText } from 'node:util';
import { refText } from '../object-ref.ts';
import { spanText } from '../observations/watched.ts';
import { asJson } from '../report/lines.ts';
import { printable } from '../report/printable.ts';
import { changedRef } from '../snapshot/snapshot.ts';
import type { Source } from '../source.ts';
import { type Impact, type Outcome, outcomes, type Preview } from './impact.ts';
import { subjectText } from './preview.ts';

export type PreviewFormat = 'table' | 'json';

const colours = {
  breaks: ['bold', 'red'],
  opens: ['yellow'],
  unknown: ['cyan'],
  changes: ['magenta'],
  safe: ['green'],
} as const;
/** More of one outcome are counted, not listed: JSON has all. */
const listedMax = 20;

export function renderPreview(
  preview: Preview,
  source: Pick<Source, 'snapshot' | 'about'>,
  format: PreviewFormat,
  colour: boolean,
): string {
  if (format === 'json') return asJson({ counts: countsOf(preview), ...preview }, source, withoutSecrets);
  const paint = (outcome: Outcome, text: string) =>
    colour ? styleText([...colours[outcome]], text, { validateStream: false }) : text;
  const lines = [`Preview of ${plural(preview.changes.length, 'change')} on ${printable(source.about)}`];
  for (const change of preview.changes.slice(0, listedMax))
    lines.push(`    ${'put' in change ? 'put   ' : 'remove'}  ${printable(refText(changedRef(change)))}`);
  if (preview.changes.length > listedMax) lines.push(`    … and ${preview.changes.length - listedMax} more`);
  lines.push('');
  for (const outcome of outcomes) {
    const impacts = preview.impacts.filter((impact) => impact.outcome === outcome);
    if (impacts.length === 0) continue;
    lines.push(`${paint(outcome, outcome.toUpperCase())} (${impacts.length})`);
    if (outcome === 'safe') lines.push(`    ${typesText(impacts)}`);
    else lines.push(...impacts.slice(0, listedMax).flatMap(impactLines));
    if (outcome !== 'safe' && impacts.length > listedMax)
      lines.push(`    … and ${impacts.length - listedMax} more (--format json)`);
    lines.push('');
  }
  return `${[...lines, ...coverageLines(preview)].join('\n')}\n`;
}

/** Reports go to many places: of a Secret they have the name. */
function withoutSecrets(_: string, value: any): unknown {
  if (value?.kind !== 'Secret' || value.metadata === undefined) return value;
  const { apiVersion, kind, metadata } = value;
  return { apiVersion, kind, metadata: { namespace: metadata.namespace, name: metadata.name } };
}

export const countsOf = ({ impacts }: Preview): Record<Outcome, number> => {
  const counts = { breaks: 0, opens: 0, unknown: 0, changes: 0, safe: 0 };
  for (const { outcome } of impacts) counts[outcome]++;
  return counts;
};

function impactLines({ subject, why, by, seen, allowance }: Impact): string[] {
  return [
    `    ${subject.type.padEnd(8)}  ${printable(subjectText(subject))}`,
    `              ${printable(why)}`,
    ...(by.length > 0 ? [`              decided by ${printable(by.slice(0, 5).join(', '))}`] : []),
    ...(seen ? [`              seen ${plural(seen.count, 'time')}, last ${timeText(seen.lastMs)}`] : []),
    ...(allowance ? [`              safe with  ${printable(allowance.text)}`] : []),
  ];
}

const timeText = (ms: number) => new Date(ms).toISOString().slice(0, 16).replace('T', ' ');
const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`;

const names: Record<string, string> = {
  object: 'live object',
  template: 'template',
  flow: 'connection that was seen',
  call: 'call that was seen',
  address: 'client address that was seen',
  reach: 'pair of ends that may connect',
  rights: 'holder of rights',
};
const counted = (counts: [string, number][]) =>
  counts.map(([type, count]) => `${count} × ${names[type] ?? type}`).join(', ');

const typesText = (impacts: Impact[]): string =>
  counted([...Map.groupBy(impacts, ({ subject }) => subject.type)].map(([type, all]) => [type, all.length]));

function coverageLines({ coverage, undo }: Preview): string[] {
  const judged = Object.entries(coverage.judged).filter(([, count]) => count > 0);
  const lines = [`Looked at: ${counted(judged) || 'nothing'}`];
  for (const { source, fromMs, toMs, lost } of coverage.windows.slice(0, listedMax))
    lines.push(
      `Watched: ${printable(source)} for ${spanText(toMs - fromMs)}, ${timeText(fromMs)} to ${timeText(toMs)}${lost > 0 ? `, at least ${lost} lost` : ''}`,
    );
  const missing = [...new Set(coverage.notAssessed)];
  if (missing.length > 0) lines.push('Not assessed:');
  for (const text of missing.slice(0, listedMax)) lines.push(`    ${printable(text)}`);
  if (missing.length > listedMax) lines.push(`    … and ${missing.length - listedMax} more (--format json)`);
  lines.push(`Undo: ${plural(undo.length, 'change')} (--apply writes it to a file)`);
  return lines;
}
