import assert from 'node:assert/strict';
import { test } from 'node:test';
import { latestTime, nextTime, parseSchedule } from './cron-schedule.ts';

const next = (schedule: string, after: string, zone?: string) => {
  const time = nextTime(parseSchedule(schedule), Date.parse(after), zone);
  return time === undefined ? undefined : new Date(time).toISOString().slice(0, 16);
};

test('fields, lists, ranges, steps, names and words', () => {
  assert.equal(next('*/15 * * * *', '2026-01-01T00:00:00Z'), '2026-01-01T00:15');
  assert.equal(next('5 4 * * *', '2026-01-01T04:05:00Z'), '2026-01-02T04:05');
  assert.equal(next('0 9-17/4 * * mon-fri', '2026-01-02T17:00:00Z'), '2026-01-05T09:00');
  assert.equal(next('30 1 29 feb *', '2026-01-01T00:00:00Z'), '2028-02-29T01:30');
  assert.equal(next('@monthly', '2026-01-15T00:00:00Z'), '2026-02-01T00:00');
  assert.equal(next('30,0 17,9 * * *', '2026-01-01T00:00:00Z'), '2026-01-01T09:00', 'in whatever order');
  assert.equal(next('30,0 17,9 * * *', '2026-01-01T09:30:00Z'), '2026-01-01T17:00');
  assert.equal(next('0 0 31 2 *', '2026-01-01T00:00:00Z'), undefined);
});

test('a day of the month and a weekday: either is enough', () => {
  assert.equal(next('0 0 15 * mon', '2026-01-01T00:00:00Z'), '2026-01-05T00:00');
  assert.equal(next('0 0 15 * mon', '2026-01-12T00:00:00Z'), '2026-01-15T00:00');
});

test('a star with a step restricts a day as a list would', () => {
  assert.equal(next('0 0 */10 * mon', '2026-01-01T00:00:00Z'), '2026-01-05T00:00', 'a Monday');
  assert.equal(next('0 0 */10 * mon', '2026-01-05T00:00:00Z'), '2026-01-11T00:00', 'the 11th');
  assert.equal(next('0 0 */1 * mon', '2026-01-01T00:00:00Z'), '2026-01-05T00:00');
  assert.equal(next('0 0 */1 * mon', '2026-01-05T00:00:00Z'), '2026-01-12T00:00');
});

test('an hour that comes twice has all of its times twice, in their order', () => {
  const berlin = (schedule: string, after: string, times: number) => {
    const found: string[] = [];
    for (let at = after; found.length < times; at = `${found.at(-1)}Z`)
      found.push(next(schedule, at, 'Europe/Berlin')!);
    return found.map((time) => time.slice(11));
  };
  const before = '2026-10-24T23:50:00Z';
  assert.deepEqual(berlin('*/30 * * * *', before, 6), ['00:00', '00:30', '01:00', '01:30', '02:00', '02:30']);
  assert.deepEqual(berlin('30 2 * * *', before, 3), ['00:30', '01:30', '01:30']);
  assert.deepEqual(berlin('@hourly', '2026-03-28T23:30:00Z', 4), ['00:00', '01:00', '02:00', '03:00']);
});

test('time zones, and the hour that does not exist', () => {
  assert.equal(next('0 9 * * *', '2026-07-01T00:00:00Z', 'Europe/Berlin'), '2026-07-01T07:00');
  assert.equal(next('30 2 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin'), '2026-03-30T00:30');
});

test('the latest time that was missed is found, however many there were', () => {
  const latest = (schedule: string, after: string, now: string) => {
    const time = latestTime(parseSchedule(schedule), Date.parse(after), Date.parse(now));
    return time === undefined ? undefined : new Date(time).toISOString().slice(0, 16);
  };
  assert.equal(latest('* * * * *', '2020-01-01T00:00:00Z', '2026-01-01T00:00:30Z'), '2026-01-01T00:00');
  assert.equal(latest('0 0 1 1 *', '2020-06-01T00:00:00Z', '2026-05-01T00:00:00Z'), '2026-01-01T00:00');
  assert.equal(latest('0 * * * *', '2026-01-01T00:10:00Z', '2026-01-01T00:50:00Z'), undefined);
  assert.equal(latest('@every 5m', '2026-01-01T00:00:00Z', '2026-01-01T00:12:00Z'), '2026-01-01T00:10');
});

test('what is no schedule is refused', () => {
  for (const wrong of ['* * * *', '60 * * * *', '* * 0 * *', '5-1 * * * *', '*/0 * * * *'])
    assert.throws(() => parseSchedule(wrong), RangeError, wrong);
});
