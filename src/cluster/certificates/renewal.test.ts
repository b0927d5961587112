import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '../../foundation/clock.ts';
import type { Credential } from './authority.ts';
import { keepRenewed } from './renewal.ts';

const hourMs = 3600 * 1000;

function fixture(clock = manualClock(1000 * hourMs)) {
  const used: Credential[] = [];
  const errors: unknown[] = [];
  let broken = false;
  const options = {
    clock,
    load: (): Credential | undefined => undefined,
    issue: () => {
      if (broken) throw new Error('no authority');
      return {
        certificate: `${used.length}`,
        key: '',
        notBeforeMs: clock.now(),
        notAfterMs: clock.now() + 24 * hourMs,
      };
    },
    use: (credential: Credential) => void used.push(credential),
    failed: (error: unknown) => void errors.push(error),
  };
  return { clock, used, errors, options, breakAuthority: (value: boolean) => (broken = value) };
}

test('a certificate is renewed after two thirds of its lifetime, and used at once', () => {
  const { clock, used, options } = fixture();
  const renewal = keepRenewed(options);
  clock.advance(15 * hourMs);
  assert.equal(used.length, 1);
  clock.advance(1.1 * hourMs);
  assert.equal(used.length, 2);
  assert.equal(renewal.current(), used[1]);
  renewal.stop();
});

test('a failing renewal is reported and tried again', () => {
  const { clock, used, errors, options, breakAuthority } = fixture();
  keepRenewed(options);
  breakAuthority(true);
  clock.advance(17 * hourMs);
  assert.ok(errors.length > 1);
  breakAuthority(false);
  clock.advance(hourMs);
  assert.equal(used.length, 2);
});

test('a wall clock that jumps ahead is noticed without waiting for the planned time', () => {
  const inner = manualClock(1000 * hourMs);
  let jumpMs = 0;
  const clock = { ...inner, now: () => inner.now() + jumpMs };
  const { used, options } = fixture(clock);
  keepRenewed(options);
  jumpMs = 20 * hourMs;
  inner.advance(11 * 60 * 1000);
  assert.equal(used.length, 2);
});

test('a kept certificate is used while fresh and replaced when stale', () => {
  const fresh = fixture();
  const kept = { certificate: 'kept', key: '', notBeforeMs: fresh.clock.now(), notAfterMs: fresh.clock.now() + hourMs };
  keepRenewed({ ...fresh.options, load: () => kept });
  assert.deepEqual(fresh.used, [kept]);
  const stale = fixture();
  const expired = { certificate: 'kept', key: '', notBeforeMs: 0, notAfterMs: hourMs };
  keepRenewed({ ...stale.options, load: () => expired });
  assert.notEqual(stale.used[0], expired);
});
