import { severities } from '../../contract.ts';
import { formatField, pointer } from '../../field.ts';
import type { Failure } from '../judge.ts';
import { jsonInPieces } from './pieces.ts';
import { type CheckReport, placeOf, totals } from './report.ts';

/** For programs. Fields are only ever added; `version` changes when one means something else. */
export function renderJson(report: CheckReport): Iterable<string> {
  const { failures, waived, coverage, unassessed, unreadable, exceptions, objects, files, levels, minor } = report;
  const { madeAt, madeBy, source, about } = report;
  const whole = {
    ...{ version: 1, madeAt, madeBy, source, about },
    kubernetes: `1.${minor}`,
    levels,
    summary: {
      files,
      objects,
      verdicts: totals(report),
      findings: Object.fromEntries(
        severities.map((severity) => [severity, failures.filter((failure) => failure.severity === severity).length]),
      ),
      waived: waived.length,
      unreadable: unreadable.length,
      notAssessed: unassessed.length,
    },
    findings: [],
    waived: waived.map(({ failure, exception }) => ({ ...findingOf(failure), exception: exception.name })),
    exceptions,
    unreadable,
    notAssessed: unassessed,
    checks: report.checks.map(({ id, level, severity, title, benchmark }) => ({
      ...{ id, level, severity, title, benchmark },
      verdicts: coverage.get(id),
    })),
    ...(report.fixes ? { fixes: report.fixes } : {}),
  };
  return jsonInPieces(whole, 'findings', failures.values().map(findingOf));
}

function findingOf(failure: Failure) {
  const { check, judged, finding, severity } = failure;
  const { apiVersion, kind, metadata } = judged.object;
  const patch = failure.mend();
  return {
    check: check.id,
    level: check.level,
    severity,
    object: { apiVersion, kind, namespace: metadata.namespace, name: metadata.name },
    ...placeOf(failure),
    ...(failure.made > 0 ? { made: failure.made } : {}),
    field: formatField(finding.field),
    pointer: pointer(finding.field),
    reason: finding.reason,
    detail: finding.detail,
    why: check.why,
    mend: check.mend,
    benchmark: check.benchmark,
    ...(patch ? { patch } : {}),
  };
}
