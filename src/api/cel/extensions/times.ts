import type { CelFunc } from '../library.ts';
import type { Toolkit } from '../toolkit.ts';

/** Seconds and what is less than one of a time or a duration. */
type Instant = { message: { seconds: bigint; nanos: number } };

/** What of a time each function tells; the date is one of UTC. */
const parts: Record<string, (date: Date) => number> = {
  FullYear: (date) => date.getUTCFullYear(),
  Month: (date) => date.getUTCMonth(),
  Date: (date) => date.getUTCDate(),
  DayOfMonth: (date) => date.getUTCDate() - 1,
  DayOfWeek: (date) => date.getUTCDay(),
  DayOfYear: (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 86_400_000),
  Hours: (date) => date.getUTCHours(),
  Minutes: (date) => date.getUTCMinutes(),
  Seconds: (date) => date.getUTCSeconds(),
  Milliseconds: (date) => date.getUTCMilliseconds(),
};

/**
 * Parts of times, whatever the time zone of this machine is, and the texts of times and numbers as Go writes them.
 * Source: https://github.com/google/cel-go/blob/master/common/types.
 */
export function times({ func, method, types: { TIMESTAMP, DURATION, STRING, INT, DOUBLE } }: Toolkit): CelFunc[] {
  return [
    ...Object.entries(parts).flatMap(([name, part]) => [
      method(TIMESTAMP, `get${name}`, [], INT, (self: Instant) => BigInt(part(dateOf(self)))),
      method(TIMESTAMP, `get${name}`, [STRING], INT, (self: Instant, zone: string) =>
        BigInt(part(shifted(dateOf(self), zone))),
      ),
    ]),
    method(
      DURATION,
      'getMilliseconds',
      [],
      INT,
      ({ message: { seconds, nanos } }: Instant) => seconds * 1000n + BigInt(Math.trunc(nanos / 1e6)),
    ),
    func('string', [TIMESTAMP], STRING, timeText),
    func('string', [DURATION], STRING, durationText),
    func('string', [DOUBLE], STRING, numberText),
  ];
}

export function timeText({ message: { seconds, nanos } }: Instant): string {
  const text = dateOf({ message: { seconds, nanos: 0 } }).toISOString();
  return text.replace('.000Z', `${fractionOf(nanos)}Z`);
}

export function durationText({ message: { seconds, nanos } }: Instant): string {
  const isNegative = seconds < 0n || nanos < 0;
  const whole = seconds < 0n ? -seconds : seconds;
  return `${isNegative ? '-' : ''}${whole}${fractionOf(Math.abs(nanos))}s`;
}

const fractionOf = (nanos: number) => (nanos === 0 ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`);

const dateOf = ({ message: { seconds, nanos } }: Instant) => new Date(Number(seconds) * 1000 + Math.floor(nanos / 1e6));

/** The date that UTC has when it is this late in the zone: `+02:00`, `Europe/Paris`. */
function shifted(date: Date, zone: string): Date {
  const [, sign, hours, minutes] = /^([+-]?)(\d\d):(\d\d)$/.exec(zone) ?? [];
  if (hours !== undefined) {
    const offsetMs = (Number(hours) * 60 + Number(minutes)) * 60_000;
    return new Date(date.getTime() + (sign === '-' ? -offsetMs : offsetMs));
  }
  const format = formatOf(zone);
  const found = new Map(format.formatToParts(date).map(({ type, value }) => [type, Number(value)]));
  const at = (name: Intl.DateTimeFormatPartTypes) => found.get(name)!;
  const shiftedMs = Date.UTC(at('year'), at('month') - 1, at('day'), at('hour') % 24, at('minute'), at('second'));
  return new Date(shiftedMs + date.getUTCMilliseconds());
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const [numeric, two] = ['numeric', '2-digit'] as const;
  const fields = { year: numeric, month: numeric, day: two, hour: two, minute: two, second: two };
  try {
    return new Intl.DateTimeFormat('en-US', { ...fields, hourCycle: 'h23', timeZone });
  } catch {
    throw new Error(`unknown time zone ${timeZone}`);
  }
}

/** As Go's `%g`: with an exponent from a million on. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(value);
  return `${digits}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}
