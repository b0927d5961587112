import { asText, notAssessedLines, refsText } from '../report/lines.ts';
import { printable } from '../report/printable.ts';
import type { Cut, PathReport } from './paths.ts';
import type { Path } from './steps.ts';
import type { WorstReport } from './worst.ts';

/** For people: every path with its steps, and the least that cuts them all. */
export function renderPaths(report: PathReport): string {
  const { from, to, paths, cut, notAssessed } = report;
  const lines: string[] = [];
  for (const [index, path] of paths.entries()) lines.push(...pathLines(path, `${index + 1}.`), '');
  if (paths.length === 0)
    lines.push(
      `No path from ${printable(from)} to ${printable(to)}${notAssessed.length > 0 ? ' in what was assessed' : ''}.`,
    );
  else lines.push(...cutLines(cut));
  return asText([...lines, ...notAssessedLines(notAssessed)]);
}

/** For people: the worst paths of a whole cluster, and what is reached in all. */
export function renderWorst(report: WorstReport): string {
  const lines = report.paths.flatMap((path, index) => {
    const more = path.alike > 0 ? `, and from ${path.alike} more place${path.alike === 1 ? '' : 's'}` : '';
    return [...pathLines(path, `${index + 1}.`, more), ''];
  });
  for (const { aim, workloads, of, internet } of report.reached) {
    const outside = internet ? 'from the Internet, and ' : '';
    lines.push(`${aim}: reached ${outside}from ${workloads} of ${of} workloads`);
  }
  return asText([...lines, ...notAssessedLines(report.notAssessed)]);
}

function pathLines({ from, to, cost, steps }: Path, number: string, more = ''): string[] {
  const lines = [`${number} ${printable(from)} → ${printable(to)} (cost ${cost}${more})`];
  for (const step of steps) {
    lines.push(`     ${printable(step.from)} → ${printable(step.to)}  +${step.cost}`, `       ${printable(step.why)}`);
    if (step.by.length > 0) lines.push(`       by ${printable(refsText(step.by))}`);
  }
  return lines;
}

function cutLines(cut: Cut | undefined): string[] {
  if (cut === undefined) return ['No change of objects parts them: some way is in the nature of things.'];
  const lines = cut.levers.map(
    ({ text, breaks, byHand }) => `    ${printable(text)}${byHand ? ' (by hand)' : ''}: ${printable(breaks)}`,
  );
  const proof = { true: 'tried: no path is left', false: 'tried: a path is left' }[String(cut.proven)] ?? 'not tried';
  return [`Cheapest cut (${proof})`, ...lines];
}
