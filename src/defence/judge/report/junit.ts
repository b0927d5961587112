import { formatField } from '../../field.ts';
import { objectText } from '../../object-ref.ts';
import { escaped } from '../../report/printable.ts';
import { type CheckReport, madeOf, placeOf } from './report.ts';

/**
 * JUnit's XML: a suite per check. Every finding is a failed case, what could not be judged and what is waived are skipped
 * ones with their reason, and passes are as many cases as objects passed, so that a bar of results tells the truth.
 */
export function renderJunit(report: CheckReport): string {
  const suites = report.checks.map(({ id, title }) => {
    const { pass } = report.coverage.get(id) ?? { pass: 0 };
    const failures = report.failures.filter(({ check }) => check.id === id);
    const waived = report.waived.filter(({ failure }) => failure.check.id === id);
    const unassessed = report.unassessed.filter(({ check }) => check === id);
    const cases = [
      ...failures.map((failure) => {
        const place = placeOf(failure);
        const name = `${objectText(failure.judged.object)} ${formatField(failure.finding.field)}`;
        const at = place ? ` ${place.file}:${place.line}` : '';
        const { reason, detail } = failure.finding;
        const text = `${reason}: ${detail}${at}${madeOf(failure)}. ${failure.check.mend}`;
        const failed = `<failure type="${failure.severity}" message="${escaped(reason)}">${escaped(text)}</failure>`;
        return testCase(id, name, failed);
      }),
      ...waived.map(({ failure, exception }) =>
        testCase(id, objectText(failure.judged.object), skipped(`exception ${exception.name}: ${exception.reason}`)),
      ),
      ...unassessed.map(({ what, why }) => testCase(id, what, skipped(`not assessed: ${why}`))),
      ...Array.from({ length: pass }, (_, index) => testCase(id, `passed ${index + 1}`, '')),
    ];
    return suite(id, title, cases, failures.length, waived.length + unassessed.length, report.madeAt);
  });
  const unreadable = report.unreadable.map(({ what, why }) =>
    testCase('readable', what, `<failure type="unreadable">${escaped(why)}</failure>`),
  );
  const unknown = report.unassessed
    .filter(({ check }) => check === undefined)
    .map(({ what, why }) => testCase('readable', what, skipped(`not assessed: ${why}`)));
  suites.push(
    suite(
      'readable',
      'Every object can be judged',
      [...unreadable, ...unknown],
      unreadable.length,
      unknown.length,
      report.madeAt,
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="rempart check">\n${suites.join('\n')}\n</testsuites>\n`;
}

const skipped = (why: string) => `<skipped message="${escaped(why)}"/>`;

const testCase = (check: string, name: string, inside: string) =>
  `    <testcase classname="${escaped(check)}" name="${escaped(name)}">${inside}</testcase>`;

/** The schemas of JUnit's XML have the time at the suite, in whole seconds without a zone. */
function suite(id: string, title: string, cases: string[], failures: number, skippedCount: number, madeAt: string) {
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="${skippedCount}"`;
  const timestamp = madeAt.slice(0, 'yyyy-mm-ddThh:mm:ss'.length);
  return `  <testsuite name="${escaped(`${id}: ${title}`)}" ${counts} timestamp="${timestamp}">\n${cases.join('\n')}\n  </testsuite>`;
}
