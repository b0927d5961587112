/** The minutes at which a schedule fires, as sets per field of standard cron. */
type Fields = {
  minutes: number[];
  hours: number[];
  days: Set<number>;
  months: Set<number>;
  weekdays: Set<number>;
  eitherDay: boolean;
};
export type Schedule = { kind: 'fields'; fields: Fields } | { kind: 'every'; periodMs: number };

const words: Record<string, string> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};
const months = ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
/** A schedule that does not fire in this time (29 February on a Monday) fires never. */
const searchedDaysMax = 366 * 30;

/** Reads a schedule that the API has validated: five fields or an `@` word. Throws RangeError otherwise. */
export function parseSchedule(text: string): Schedule {
  const every = /^@every ((?:\d+(?:\.\d+)?(?:h|m|s|ms))+)$/.exec(text);
  if (every) return { kind: 'every', periodMs: Math.max(1000, durationMs(every[1]!)) };
  const parts = (words[text] ?? text).trim().split(/\s+/);
  if (parts.length !== 5) throw new RangeError(`schedule ${text} has ${parts.length} fields instead of 5`);
  const [minute, hour, day, month, weekday] = parts as [string, string, string, string, string];
  const fields = {
    minutes: [...parseField(minute, 0, 59)].sort((a, b) => a - b),
    hours: [...parseField(hour, 0, 23)].sort((a, b) => a - b),
    days: parseField(day, 1, 31),
    months: parseField(month, 1, 12, months),
    weekdays: parseField(weekday, 0, 6, weekdays),
    // Cron's old rule: when both are restricted, either is enough.
    eitherDay: !/^[*?]/.test(day) && !/^[*?]/.test(weekday),
  };
  return { kind: 'fields', fields };
}

function durationMs(text: string): number {
  const units: Record<string, number> = { h: hourMs, m: minuteMs, s: 1000, ms: 1 };
  return [...text.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * units[unit!]!,
    0,
  );
}

function parseField(text: string, minimum: number, maximum: number, names: string[] = []): Set<number> {
  const numberOf = (value: string) => {
    const named = value === '' ? -1 : names.indexOf(value.toLowerCase());
    return named >= 0 ? named : Number(value);
  };
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', step = '1'] = part.split('/');
    const [from = '', to] = range.split('-');
    const any = range === '*' || range === '?';
    const first = any ? minimum : numberOf(from);
    const last = any ? maximum : to !== undefined ? numberOf(to) : part.includes('/') ? maximum : first;
    const stride = Number(step);
    if (!(first >= minimum && last <= maximum && first <= last && stride >= 1))
      throw new RangeError(`field ${text} of the schedule is not within ${minimum} and ${maximum}`);
    for (let value = first; value <= last; value += stride) found.add(value);
  }
  return found;
}

/** The first time strictly after `afterMs`, undefined when there is none. `zone` is an IANA name, UTC by default. */
export function nextTime(schedule: Schedule, afterMs: number, zone = 'UTC'): number | undefined {
  if (schedule.kind === 'every') return Math.floor(afterMs / 1000) * 1000 + schedule.periodMs;
  const { minutes, hours, days, months: inMonths, weekdays: onWeekdays, eitherDay } = schedule.fields;
  const offsetAt = offsetOf(zone);
  const localStart = afterMs + offsetAt(afterMs);
  const firstDayMs = Math.floor(localStart / dayMs) * dayMs;
  for (let day = 0; day < searchedDaysMax; day++) {
    const dayStartMs = firstDayMs + day * dayMs;
    const date = new Date(dayStartMs);
    const dayFits = days.has(date.getUTCDate());
    const weekdayFits = onWeekdays.has(date.getUTCDay());
    if (!inMonths.has(date.getUTCMonth() + 1)) continue;
    if (eitherDay ? !dayFits && !weekdayFits : !dayFits || !weekdayFits) continue;
    for (const hour of hours)
      for (const minute of minutes) {
        const localMs = dayStartMs + hour * hourMs + minute * minuteMs;
        if (localMs + dayMs < localStart) continue;
        const guessMs = localMs - offsetAt(localMs);
        const timeMs = localMs - offsetAt(guessMs);
        // A local time that a change of clocks leaves out does not exist.
        if (timeMs > afterMs && timeMs + offsetAt(timeMs) === localMs) return timeMs;
      }
  }
  return undefined;
}

/** The latest time after `afterMs` and not later than `nowMs`; looks back further and further, so that it is cheap. */
export function latestTime(schedule: Schedule, afterMs: number, nowMs: number, zone?: string): number | undefined {
  if (schedule.kind === 'every') {
    const periods = Math.floor((nowMs - afterMs) / schedule.periodMs);
    return periods >= 1 ? afterMs + periods * schedule.periodMs : undefined;
  }
  for (const windowMs of [hourMs, dayMs, 32 * dayMs, 400 * dayMs, Number.POSITIVE_INFINITY]) {
    const fromMs = Math.max(afterMs, nowMs - windowMs);
    let latest: number | undefined;
    for (let time = nextTime(schedule, fromMs, zone); time !== undefined && time <= nowMs; ) {
      latest = time;
      time = nextTime(schedule, time, zone);
    }
    if (latest !== undefined || fromMs === afterMs) return latest;
  }
  return undefined;
}

/** Milliseconds that local time is ahead of UTC at an instant. */
function offsetOf(zone: string): (timeMs: number) => number {
  if (zone === 'UTC' || zone === 'Etc/UTC') return () => 0;
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, hourCycle: 'h23', ...parts });
  return (timeMs) => {
    const values: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(timeMs)) values[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = values;
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(timeMs / 1000) * 1000;
  };
}

const parts = {
  year: 'numeric',
  month: 'numeric',
  day: 'numeric',
  hour: 'numeric',
  minute: 'numeric',
  second: 'numeric',
} as const;
