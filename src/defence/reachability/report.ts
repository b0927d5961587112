import { UsageError } from '../../foundation/usage-error.ts';
import { doubtsOf } from '../snapshot/network-doubts.ts';
import type { Source } from '../source.ts';
import { askReach } from './answer.ts';
import { everything } from './everything.ts';
import { createReachModel } from './model.ts';
import { renderEverything, renderReach } from './render.ts';

const exitCodes = { yes: 0, no: 2, mixed: 2, unknown: 3 } as const;

/**
 * What `rempart reach` says. `from` may be `everyone` and `to` `everywhere`: then a table of all that is reached.
 * Throws UsageError for ends that do not exist.
 */
export function reachReport(source: Source, from: string, to: string) {
  const { loaded } = source;
  const model = createReachModel(source);
  const notAssessed = [...model.notAssessed, ...doubtsOf(model)];
  const all = from === 'everyone' ? ('to' as const) : to === 'everywhere' ? ('from' as const) : undefined;
  if (from === 'everyone' && to === 'everywhere') throw new UsageError('from everyone to everywhere: name one end');
  const [report, text] = all
    ? withText(everything(model, all, all === 'from' ? from : to), renderEverything)
    : withText(askReach(model, from, to), (report) => renderReach(report, loaded));
  const note = from === 'internet' ? `${policiesOnly}\n` : '';
  const missing = notAssessed.map(({ what, why }) => `Not assessed: ${what}: ${why}\n`).join('');
  const verdict = 'verdict' in report ? report.verdict : report.blind === undefined ? 'yes' : 'unknown';
  const json = { version, ...report, notAssessed };
  return { text: text + note + missing, json, exitCode: exitCodes[verdict] };
}

/** 2: `source` is the kind of source, as in every report, and what was read is `about`. */
const version = 2;

const policiesOnly =
  'This is what policies allow. Whether anything leads there from outside is what `rempart exposure` tells.';

const withText = <T>(report: T, render: (report: T) => string) => [report, render(report)] as const;
