import { describeLine, endText } from '../../api/observations/describe.ts';
import { type Line, observationLines } from '../../api/observations/lines.ts';
import { type Flow, type Observations, observationTypes, type Window } from '../../api/observations/observation.ts';
import { asText, detailedTable } from '../report/lines.ts';
import { printable } from '../report/printable.ts';
import type { Imported } from './import.ts';

const time = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}Z`;

/** Observations as lines of JSON, which `--observations` reads again, or as a table. */
export function renderObservations(observations: Observations, format: 'table' | 'json'): string {
  if (format === 'json') return [...observationLines(observations)].join('');
  const windows = observationTypes.flatMap((of) =>
    observations.windows[of].map((window): Line => ({ type: 'window', of, window })),
  );
  const lines = observationTypes.flatMap((type) =>
    observations[type]
      .toSorted((a, b) => b.lastMs - a.lastMs)
      .map((observed) => ({ type, observed }) as Exclude<Line, { type: 'window' }>),
  );
  const rows = [...windows, ...lines].map((line) => {
    const { from, to, what, outcome } = describeLine(line);
    const seen =
      line.type === 'window'
        ? ['', time(line.window.fromMs), time(line.window.toMs)]
        : [String(line.observed.count), time(line.observed.firstMs), time(line.observed.lastMs)];
    const ends = [from, '→', to, what]
      .filter((part) => part !== '')
      .map(short)
      .join(' ');
    return { cells: [line.type, ...seen, short(outcome)], below: [ends] };
  });
  const missing = observationTypes.filter((type) => observations.windows[type].length === 0);
  const note = missing.length === 0 ? '' : `Not watched, so nothing is known of it: ${missing.join(', ')}.\n`;
  const titles = ['TYPE', 'COUNT', 'FIRST', 'LAST', 'OUTCOME'];
  return `${asText(detailedTable(titles, rows))}${note}`;
}

const cellMax = 60;
const short = (cell: string): string => (cell.length > cellMax ? `${cell.slice(0, cellMax - 1)}…` : cell);

/** One line per file, for standard error: how much of it was understood. */
export const renderImported = ({ file, format, taken, refused }: Imported): string =>
  printable(`${file}: ${format}, ${taken} records taken${refused === 0 ? '' : `, ${refused} refused`}`);

/** Instead of drops, where there were none: nothing is said of what nobody watched. */
export function renderWatched(windows: Window[]): string {
  if (windows.length === 0) return 'Connections are not watched there: whether any were dropped is not known.\n';
  const lines = windows.map(({ source, fromMs, toMs }) => `${source} from ${time(fromMs)} to ${time(toMs)}`);
  return `No drop was seen. Watched: ${printable(lines.join(', '))}.\n`;
}

/** `10:02:03  shop/web > shop/db TCP 5432  ingress policy shop/db  …`, one dropped flow. */
export function renderDrop({ from, to, protocol, port, count, lastMs, drop }: Flow): string {
  const by = drop === undefined ? '' : [drop.side, drop.why, ...drop.by].join(' ');
  const lines = [`${time(lastMs)}  ${endText(from)} > ${endText(to)} ${protocol} ${port} (${count})  dropped by ${by}`];
  if (drop?.nearest) lines.push(`  nearest: ${drop.nearest}`);
  if (drop?.allowance) lines.push(`  to allow: ${drop.allowance}`);
  return lines.map((line) => `${printable(line)}\n`).join('');
}
