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
} satisfies Record<string, (report: CheckReport, colour: boolean) => string>;

export type ReportFormat = keyof typeof renderers;
export const reportFormats = Object.keys(renderers) as ReportFormat[];

/** The report as text; `colour` is for the table on a terminal. */
export const render = (report: CheckReport, format: ReportFormat, colour = false): string =>
  renderers[format](report, colour);
