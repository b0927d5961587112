import { formatField } from '../../field.ts';
import { objectText } from '../../object-ref.ts';
import { escaped } from '../../report/printable.ts';
import { type Exception, expiryText, unusedText } from '../exceptions.ts';
import type { Failure } from '../judge.ts';
import { type CheckReport, madeOf, placeOf } from './report.ts';

type Suite = { id: string; title: string; failed: string[]; skipped: string[]; passed: number };

/**
 * JUnit's XML: a suite per check. Every finding is a failed case, what could not be judged and what is waived are skipped
 * ones with their reason, and passes are as many cases as objects passed, so that a bar of results tells the truth. The
 * format has no standard: this is the strictest of its schemas (https://github.com/windyroad/JUnit-Schema).
 */
export function* renderJunit(report: CheckReport): Iterable<string> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n';
  let number = 0;
  for (const suite of suitesOf(report)) yield* suiteXml(suite, number++, report);
  yield '</testsuites>\n';
}

function* suitesOf(report: CheckReport): Iterable<Suite> {
  const { checks, coverage, failures, waived, unassessed, unreadable } = report;
  const failuresOf = Map.groupBy(failures, ({ check }) => check.id);
  const waivedOf = Map.groupBy(waived, ({ failure }) => failure.check.id);
  const unassessedOf = Map.groupBy(unassessed, ({ check }) => check);
  const notAssessed = (id?: string) =>
    (unassessedOf.get(id) ?? []).map(({ what, why }) =>
      testCase(id ?? 'readable', what, skipped(`not assessed: ${why}`)),
    );
  for (const { id, title } of checks)
    yield {
      ...{ id, title, passed: coverage.get(id)?.pass ?? 0 },
      failed: (failuresOf.get(id) ?? []).map(failedCase),
      skipped: [
        ...(waivedOf.get(id) ?? []).map(({ failure, exception }) =>
          testCase(id, objectText(failure.judged.object), skipped(`exception ${exception.name}: ${exception.reason}`)),
        ),
        ...notAssessed(id),
      ],
    };
  yield {
    ...{ id: 'readable', title: 'Every object can be judged', passed: 0 },
    failed: unreadable.map(({ what, why }) =>
      testCase('readable', what, `<failure type="unreadable">${escaped(why)}</failure>`),
    ),
    skipped: notAssessed(),
  };
  yield exceptionSuite(report);
}

/** One that expired fails the run, also where what it waived is gone. */
function exceptionSuite({ exceptions }: CheckReport): Suite {
  const id = 'exceptions';
  const textOf = ({ from, name }: Exception) => `${from} ${name}`;
  const expired = exceptions.filter(({ expired }) => expired);
  const unused = exceptions.filter(({ expired, used }) => !expired && !used);
  return {
    ...{ id, title: 'No exception has expired', passed: exceptions.length - expired.length - unused.length },
    failed: expired.map((exception) =>
      testCase(id, textOf(exception), `<failure type="expired">${escaped(expiryText(exception))}</failure>`),
    ),
    skipped: unused.map((exception) => testCase(id, textOf(exception), skipped(unusedText(exception)))),
  };
}

function failedCase(failure: Failure): string {
  const { check, severity, judged, finding } = failure;
  const { reason, detail, field } = finding;
  const place = placeOf(failure);
  const at = place ? ` ${place.file}:${place.line}` : '';
  const text = `${reason}: ${detail}${at}${madeOf(failure)}. ${check.mend}`;
  const failed = `<failure type="${severity}" message="${escaped(reason)}">${escaped(text)}</failure>`;
  return testCase(check.id, `${objectText(judged.object)} ${formatField(field)}`, failed);
}

const skipped = (why: string) => `<skipped message="${escaped(why)}"/>`;

/** Nobody measures how long a verdict takes. */
const testCase = (check: string, name: string, inside: string) =>
  `    <testcase classname="${escaped(check)}" name="${escaped(name)}" time="0">${inside}</testcase>\n`;

function* suiteXml(
  { id, title, failed, skipped, passed }: Suite,
  number: number,
  report: CheckReport,
): Iterable<string> {
  const { madeAt, madeBy, about } = report;
  const tests = failed.length + skipped.length + passed;
  const counts = `tests="${tests}" failures="${failed.length}" errors="0" skipped="${skipped.length}" time="0"`;
  // In whole seconds without a zone.
  const timestamp = madeAt.slice(0, 'yyyy-mm-ddThh:mm:ss'.length);
  const where = `package="rempart" id="${number}" hostname="localhost"`;
  yield `  <testsuite name="${escaped(`${id}: ${title}`)}" ${where} timestamp="${timestamp}" ${counts}>\n`;
  yield `    <properties>${property('madeBy', madeBy)}${property('about', about)}</properties>\n`;
  yield* failed;
  yield* skipped;
  for (let index = 1; index <= passed; index++) yield testCase(id, `passed ${index}`, '');
  yield '    <system-out/>\n    <system-err/>\n  </testsuite>\n';
}

const property = (name: string, value: string) => `<property name="${name}" value="${escaped(value)}"/>`;
