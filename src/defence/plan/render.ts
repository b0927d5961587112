import { expiryText } from '../judge/exceptions.ts';
import { asText, notAssessedLines } from '../report/lines.ts';
import { printable } from '../report/printable.ts';
import { commandOf, type Plan } from './plan.ts';
import type { PlanStep } from './step.ts';

/** For people. */
export function renderPlan({ formula, before, after, steps, findings, exceptions, notAssessed }: Plan): string {
  const lines = steps.flatMap((step, index) => [...stepLines(step, index + 1), '']);
  if (steps.length === 0)
    lines.push('Nothing to do, in what was assessed: no path leads to an aim and no finding can be mended.', '');
  lines.push(`Risk by paths: ${number(before.points)} now, ${number(after.points)} after all steps (tried)`);
  for (const { aim, points, fromInternet } of before.byAim)
    lines.push(`    ${aim}: ${number(points)}, of which ${number(fromInternet)} from the Internet`);
  lines.push(`    ${formula}`);
  const { critical, high, medium, low } = findings;
  lines.push(
    `Findings: ${critical} critical, ${high} high, ${medium} medium, ${low} low now`,
    '    those without a patch are no step: they need a decision (rempart check lists all)',
  );
  if (exceptions.length > 0) lines.push('Exceptions, what each leaves out');
  for (const exception of exceptions) {
    const { from, name, check, waives, reason, owner } = exception;
    lines.push(
      `    ${printable(`${from}  ${name}: ${check}, ${expiryText(exception)}, ${waives}; ${reason} (${owner})`)}`,
    );
  }
  return asText([...lines, ...notAssessedLines(notAssessed)]);
}

function stepLines(step: PlanStep, place: number): string[] {
  const { what, why, removes, uses, byHand, preview, command, changes, type } = step;
  const points = type === 'findings' ? 'points of findings' : 'points of risk';
  return [
    `${place}. ${printable(what[0]!)}${what.length > 1 ? ', and' : ''}`,
    ...what.slice(1).map((each) => `   ${printable(each)}`),
    `     removes  ${number(removes)} ${points}`,
    ...why.map((each) => `     ${printable(each)}`),
    ...uses.map((each) => `     seen     ${printable(each)}`),
    ...previewLines(preview),
    ...(byHand ? ['     by hand  no change of objects that is known does all of it'] : []),
    ...(changes.length > 0
      ? [
          `     make it  ${printable(command ?? `${commandOf(changes, 'FILE')}${changes.some((change) => 'put' in change) ? '  (--write FOLDER makes the file)' : ''}`)}`,
        ]
      : []),
  ];
}

const listedMax = 3;

function previewLines(told: PlanStep['preview']): string[] {
  if (told === undefined) return [];
  const { breaks, opens, unknown, safe } = told.counts;
  return [
    `     preview  ${breaks} break, ${unknown} unknown, ${opens} open, ${safe} safe`,
    ...told.breaks.map((each) => `              breaks ${printable(each)}`),
    ...told.notAssessed.slice(0, listedMax).map((each) => `              not assessed ${printable(each)}`),
    ...(told.notAssessed.length > listedMax
      ? [`              and ${told.notAssessed.length - listedMax} more not assessed (--format json)`]
      : []),
  ];
}

const number = (points: number): string => (points >= 100 ? Math.round(points).toString() : points.toPrecision(3));
