import { createHash } from 'node:crypto';
import { isAbsolute, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { programVersion } from '../../../foundation/program-version.ts';
import type { Severity, Unassessed } from '../../contract.ts';
import { formatField } from '../../field.ts';
import { objectText } from '../../object-ref.ts';
import { type Exception, expiryText, unusedText } from '../exceptions.ts';
import type { Failure } from '../judge.ts';
import { jsonInPieces } from './pieces.ts';
import { type CheckReport, madeOf, placeOf } from './report.ts';

const level = { critical: 'error', high: 'error', medium: 'warning', low: 'note' } as const;
/** GitHub ranks by this figure, which is of the scale of CVSS. */
const score: Record<Severity, string> = { critical: '9.5', high: '8.0', medium: '5.5', low: '2.0' };

/** SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), as code scanners exchange it. */
export function renderSarif(report: CheckReport): Iterable<string> {
  const rules = report.checks.map(({ id, title, why, mend, severity, benchmark }) => ({
    id,
    shortDescription: { text: title },
    fullDescription: { text: why },
    help: { text: mend },
    defaultConfiguration: { level: level[severity] },
    properties: { tags: ['security', ...benchmark], 'security-severity': score[severity] },
  }));
  const run = {
    tool: { driver: { name: 'rempart', version: programVersion(), rules } },
    invocations: [
      {
        ...{ executionSuccessful: report.unreadable.length === 0, endTimeUtc: report.madeAt },
        toolExecutionNotifications: [
          ...report.unreadable.map((each) => notificationOf(each, 'error')),
          ...report.unassessed.map((each) => notificationOf(each, 'note')),
          ...report.exceptions.filter(({ expired, used }) => expired || !used).map(exceptionNotification),
        ],
      },
    ],
    columnKind: 'utf16CodeUnits',
    results: [],
  };
  const value = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [run] };
  return jsonInPieces(value, 'results', resultsOf(report));
}

function* resultsOf({ checks, failures, waived }: CheckReport): Iterable<object> {
  const ruleIndex = new Map(checks.map(({ id }, index) => [id, index]));
  for (const failure of failures) yield resultOf(failure, ruleIndex);
  for (const { failure, exception } of waived) {
    const justification = `${exception.reason} (${exception.owner}, ${expiryText(exception)})`;
    const suppressions = [{ kind: 'external', status: 'accepted', justification }];
    yield { ...resultOf(failure, ruleIndex), suppressions };
  }
}

/** Of those that waive nothing: the others stand at what they waive. */
const exceptionNotification = (exception: Exception) => ({
  level: exception.expired ? 'error' : 'note',
  message: {
    text: `exception ${exception.name} (${exception.from}), ${exception.check}: ${exception.expired ? expiryText(exception) : unusedText(exception)}`,
  },
  ...locationsOf(exception),
});

const locationsOf = ({ file, line }: { file?: string; line?: number }) =>
  file ? { locations: [{ physicalLocation: physical(file, line ?? 1) }] } : {};

const notificationOf = ({ what, why, check, ...place }: Unassessed, level: 'error' | 'note') => ({
  level,
  message: { text: `not assessed${check ? ` by ${check}` : ''}: ${what}: ${why}` },
  ...locationsOf(place),
});

function resultOf(failure: Failure, ruleIndex: Map<string, number>) {
  const { check, judged, finding, severity } = failure;
  const place = placeOf(failure);
  const object = objectText(judged.object);
  const field = formatField(finding.field);
  const logicalLocations = [{ fullyQualifiedName: `${object} ${field}`, kind: 'object' }];
  return {
    ruleId: check.id,
    ruleIndex: ruleIndex.get(check.id),
    level: level[severity],
    message: { text: `${object}${madeOf(failure)}: ${finding.reason}: ${finding.detail} (${field})` },
    locations: [{ ...(place ? { physicalLocation: physical(place.file, place.line) } : {}), logicalLocations }],
    // Without the line, so that a finding is the same one after lines above it were added.
    partialFingerprints: { 'rempart/v1': createHash('sha256').update(`${check.id} ${object} ${field}`).digest('hex') },
  };
}

function physical(file: string, startLine: number) {
  const inside = relative(process.cwd(), file);
  const isOutside = inside.startsWith('..') || isAbsolute(inside);
  const uri = isOutside ? pathToFileURL(file).href : (inside || file).split(sep).map(encodeURIComponent).join('/');
  return { artifactLocation: { uri: file === '-' ? 'stdin' : uri }, region: { startLine } };
}
