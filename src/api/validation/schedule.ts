/**
 * Standard cron of five fields and the `@` words, as k8s.io/cron (robfig/cron ParseStandard) reads them: what is wrong,
 * or undefined.
 */
const bounds: { name: string; min: number; max: number; words?: string[] }[] = [
  { name: 'minute', min: 0, max: 59 },
  { name: 'hour', min: 0, max: 23 },
  { name: 'day of month', min: 1, max: 31 },
  {
    name: 'month',
    min: 1,
    max: 12,
    words: ['', 'jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of week', min: 0, max: 6, words: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];
const shorthands = new Set(['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly']);

export function validateSchedule(schedule: string): string | undefined {
  if (schedule.startsWith('@'))
    return shorthands.has(schedule) || /^@every (\d+(\.\d+)?(h|m|s|ms))+$/.test(schedule)
      ? undefined
      : `unrecognized descriptor: ${schedule}`;
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== 5) return `expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`;
  for (const [index, field] of fields.entries()) {
    const wrong = field.split(',').map((part) => validatePart(part, bounds[index]!));
    const first = wrong.find((message) => message !== undefined);
    if (first) return first;
  }
  return undefined;
}

function validatePart(part: string, { name, min, max, words }: (typeof bounds)[number]): string | undefined {
  const [range = '', step, ...more] = part.split('/');
  if (more.length > 0) return `too many slashes: ${part}`;
  if (step !== undefined && !/^[1-9]\d{0,3}$/.test(step)) return `step of range should be a positive number: ${part}`;
  if (range === '*' || range === '?') return undefined;
  const ends = range.split('-');
  if (ends.length > 2) return `too many hyphens: ${part}`;
  const numbers = ends.map((end) => {
    const word = words?.indexOf(end.toLowerCase()) ?? -1;
    return word >= 0 && end !== '' ? word : /^\d{1,4}$/.test(end) ? Number(end) : Number.NaN;
  });
  if (numbers.some(Number.isNaN)) return `failed to parse int from ${part}`;
  if (numbers[0]! < min) return `beginning of range (${numbers[0]}) of ${name} below minimum (${min}): ${part}`;
  if (numbers.at(-1)! > max) return `end of range (${numbers.at(-1)}) of ${name} above maximum (${max}): ${part}`;
  return numbers[0]! > numbers.at(-1)! ? `beginning of range beyond end of range: ${part}` : undefined;
}
