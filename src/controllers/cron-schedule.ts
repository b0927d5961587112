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
    eitherDay: isRestricted(day) && isRestricted(weekday),
  };
  return { kind: 'fields', fields };
}

/** A star restricts nothing, one with a step does (as github.com/robfig/cron has it, which upstream uses). */
const isRestricted = (field: string) => !field.split(',').some((part) => /^[*?](\/0*1)?$/.test(part));

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
  const { fields } = schedule;
  const offsetAt = offsetOf(zone);
  const localStartMs = afterMs + offsetAt(afterMs);
  const firstDayMs = Math.floor(localStartMs / dayMs) * dayMs;
  for (let day = 0; day < searchedDaysMax; day++) {
    const dayStartMs = firstDayMs + day * dayMs;
    if (!isOn(fields, new Date(dayStartMs))) continue;
    const time = firstOfDay(fields, dayStartMs, afterMs, offsetAt);
    if (time !== undefined) return time;
  }
  return undefined;
}

function isOn({ days, months: inMonths, weekdays: onWeekdays, eitherDay }: Fields, date: Date): boolean {
  const dayFits = days.has(date.getUTCDate());
  const weekdayFits = onWeekdays.has(date.getUTCDay());
  return inMonths.has(date.getUTCMonth() + 1) && (eitherDay ? dayFits || weekdayFits : dayFits && weekdayFits);
}

/**
 * On a day on which clocks change there are two offsets. A local time that the change leaves out has neither, and one that
 * comes twice has both: as upstream, a schedule fires then each time.
 */
function firstOfDay({ minutes, hours }: Fields, dayStartMs: number, afterMs: number, offsetAt: Offset) {
  const offsets = new Set([offsetAt(dayStartMs - dayMs), offsetAt(dayStartMs + 2 * dayMs)]);
  const first = (offsetMs: number): number | undefined => {
    for (const hour of hours)
      for (const minute of minutes) {
        const timeMs = dayStartMs + hour * hourMs + minute * minuteMs - offsetMs;
        if (timeMs > afterMs && (offsets.size === 1 || offsetAt(timeMs) === offsetMs)) return timeMs;
      }
    return undefined;
  };
  const times = [...offsets].flatMap((offsetMs) => first(offsetMs) ?? []);
  return times.length === 0 ? undefined : Math.min(...times);
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
type Offset = (timeMs: number) => number;

function offsetOf(zone: string): Offset {
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
