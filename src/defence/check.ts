/**
 * The door for `rempart check` alone, which is started more often than all else and with nobody's patience: what other
 * questions need (defence.ts) would take as long to load as a hundred manifests to judge.
 */
export { check, exitCodeOf } from './judge/check.ts';
export { render } from './judge/report/formats.ts';
