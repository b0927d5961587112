import type { Observations } from '../../api/observations/observation.ts';
import type { Entry } from '../exposure/entry.ts';
import { exposureOf } from '../exposure/exposure.ts';
import { refText } from '../object-ref.ts';
import { allowListChange } from '../preview/changes/client-allow-list.ts';
import type { Preview } from '../preview/impact.ts';
import { preview, subjectText } from '../preview/preview.ts';
import { asText, detailedTable, notAssessedLines, refsText, table } from '../report/lines.ts';
import { printable } from '../report/printable.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { type AdministrationFinding, type Endpoint, judgeAdministration } from './administration/administration.ts';

export type ExposureOptions = {
  endpoint: Endpoint | undefined;
  /** Preview an allow-list of these networks for the API. */
  allowFrom: string[] | undefined;
  observations: Observations;
  nowMs: number;
};

export type ExposureReport = {
  administration: AdministrationFinding[];
  workloads: Entry[];
  /** What the allow-list would do to clients that were seen. */
  allowList?: Preview;
  notAssessed: string[];
};

/** Who reaches what from outside: the workloads and the administration of a cluster. */
export function reportExposure(snapshot: Snapshot, options: ExposureOptions): ExposureReport {
  const { entries, notAssessed } = exposureOf(snapshot);
  const { endpoint, allowFrom, observations, nowMs } = options;
  return {
    administration: judgeAdministration({ snapshot, endpoint, nowMs }),
    workloads: entries,
    ...(allowFrom ? { allowList: preview(snapshot, [allowListChange(allowFrom)], observations, nowMs) } : {}),
    notAssessed,
  };
}

/** For people. */
export function renderExposure(report: ExposureReport): string {
  const { administration, workloads, allowList, notAssessed } = report;
  const judged = administration.map(({ verdict, severity, check, why, by }) => [
    ...[verdict, verdict === 'fail' ? severity : '', check.replace('administration/', '')],
    by.length === 0 ? why : `${why} (${refsText(by)})`,
  ]);
  const reached = workloads.map((entry) => ({
    cells: [entry.verdict, `${entry.type} ${entry.at}`, targetOf(entry)],
    below: [`from ${entry.from} (${reachTexts[entry.reach]}): ${because(entry)}`],
  }));
  const lines = ['Administration', ...table(['VERDICT', 'SEVERITY', 'WHAT', 'WHY'], judged), '', 'Workloads'];
  if (reached.length === 0) lines.push('Nothing leads in from outside, in what was assessed.');
  else lines.push(...detailedTable(['VERDICT', 'WHERE', 'TO'], reached));
  if (allowList) lines.push('', ...allowListLines(allowList));
  return asText([...lines, ...notAssessedLines(notAssessed)]);
}

const targetOf = ({ workload, protocol, port }: Entry) => `${refText(workload)} ${protocol} ${port ?? '?'}`;

const reachTexts = { internet: 'the Internet', nodes: 'whoever reaches the nodes', internal: 'not the Internet' };

const because = ({ why, by, via }: Entry) =>
  `${why}${by.length > 0 ? `: ${refsText(by)}` : ''}; through ${refsText(via)}`;

function allowListLines({ impacts, coverage }: Preview): string[] {
  const told = impacts.map(
    ({ outcome, subject, why }) => `    ${outcome}  ${printable(subjectText(subject))}: ${printable(why)}`,
  );
  const nobody = told.length === 0 ? ['    no client address was seen: what it would cut is unknown'] : told;
  return [
    'Allow-list: clients that were seen',
    ...nobody,
    ...coverage.notAssessed.map((why) => `    not assessed  ${printable(why)}`),
  ];
}
