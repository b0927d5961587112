import { renderHtml } from './html.ts';
import { renderJson } from './json.ts';
import { renderJunit } from './junit.ts';
import type { CheckReport } from './report.ts';
import { renderSarif } from './sarif.ts';
import { renderTable } from './table.ts';

const renderers = {
  table: renderTable,
  json: renderJson,
  sarif: renderSarif,
  junit: renderJunit,
  html: renderHtml,
} satisfies Record<string, (report: CheckReport, colour: boolean) => string | Iterable<string>>;

export type ReportFormat = keyof typeof renderers;
export const reportFormats = Object.keys(renderers) as ReportFormat[];

const pieceLength = 2 ** 20;

/** The report as text, in pieces of about a megabyte; `colour` is for the table on a terminal. */
export function* render(report: CheckReport, format: ReportFormat, colour = false): Iterable<string> {
  const rendered = renderers[format](report, colour);
  if (typeof rendered === 'string') return yield rendered;
  let piece = '';
  for (const part of rendered) {
    piece += part;
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}
