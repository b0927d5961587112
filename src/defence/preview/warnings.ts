import { type Impact, type Outcome, outcomes, type Preview } from './impact.ts';
import { subjectText } from './preview.ts';
import { countsOf } from './report.ts';

/** Warnings travel in headers, and people read the first few. */
const linesMax = 10;
const bytesMax = 255;

/** A preview as warnings of an API server: of these outcomes, worst first, then what else there is. */
export function warningsOf(preview: Preview, told: Outcome[]): string[] {
  const impacts = preview.impacts.filter(({ outcome }) => told.includes(outcome));
  const lines = impacts.slice(0, linesMax).map(lineOf);
  const more = impacts.length - lines.length;
  if (more > 0) lines.push(`and ${more} more: rempart preview -f tells all`);
  return lines.map(header);
}

const lineOf = ({ outcome, subject, why, seen }: Impact): string =>
  `preview: ${words[outcome]} ${subjectText(subject)}${seen ? ` (seen ${seen.count} x)` : ''}: ${why}`;

const words: Record<Outcome, string> = {
  breaks: 'breaks',
  opens: 'opens',
  unknown: 'unknown:',
  changes: 'changes',
  safe: 'safe:',
};

/** What the answer rests on, in one line: a dry run that says nothing must not be taken for "all is well". */
export function restsOn(preview: Preview): string {
  const counts = countsOf(preview);
  // few changes have policies that change objects to do with
  const named = outcomes.filter((outcome) => outcome !== 'changes' || counts.changes > 0);
  const judged = named.map((outcome) => `${counts[outcome]} ${outcome}`).join(', ');
  const missing = preview.coverage.notAssessed.length;
  return header(
    `preview: ${judged}${missing > 0 ? `; ${missing} not assessed, such as: ${preview.coverage.notAssessed[0]}` : ''}`,
  );
}

/** Headers hold printable ASCII. */
const header = (text: string): string =>
  text
    .replaceAll('→', '->')
    .replaceAll('’', "'")
    .replaceAll(/[^\u0020-\u007e]/g, '?')
    .slice(0, bytesMax);
