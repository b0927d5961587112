import type { Flags } from './item.ts';

export const isSet = (value: string | undefined): boolean => value !== undefined && value !== '';
export const isFalse = (value: string | undefined): boolean => value === 'false';
export const isTrue = (value: string | undefined): boolean => value === 'true';
export const isNotTrue = (value: string | undefined): boolean => value !== 'true';

const listOf = (value: string | undefined) => (value ?? '').split(',').map((part) => part.trim());
export const includes =
  (wanted: string) =>
  (value: string | undefined): boolean =>
    listOf(value).includes(wanted);
export const excludes =
  (unwanted: string) =>
  (value: string | undefined): boolean =>
    !listOf(value).includes(unwanted);

export const atLeast =
  (least: number) =>
  (value: string | undefined): boolean =>
    /^\d+$/.test(value ?? '') && Number(value) >= least;

export const isLoopback = (value: string | undefined): boolean =>
  value === '127.0.0.1' || value === '::1' || value === 'localhost';

/** Go's notation: `300s`, `1m30s`. Undefined for anything else. */
export function seconds(value: string | undefined): number | undefined {
  if (value === undefined || !/^(\d+(\.\d+)?(h|m|s|ms))+$/.test(value)) return undefined;
  const unit = { h: 3600, m: 60, s: 1, ms: 0.001 };
  return [...value.matchAll(/(\d+(?:\.\d+)?)(ms|h|m|s)/g)].reduce(
    (sum, [, amount, name]) => sum + Number(amount) * unit[name as keyof typeof unit],
    0,
  );
}

/** Suites with forward secrecy and authenticated encryption, as the benchmark lists them for 1.2.29. */
const strong = new Set([
  ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
  ...['ECDSA', 'RSA'].flatMap((key) =>
    ['AES_128_GCM_SHA256', 'AES_256_GCM_SHA384', 'CHACHA20_POLY1305', 'CHACHA20_POLY1305_SHA256'].map(
      (cipher) => `TLS_ECDHE_${key}_WITH_${cipher}`,
    ),
  ),
]);

/** TLS 1.3 has strong suites only, and they cannot be chosen. */
export const onlyStrongCiphers = (value: string | undefined, flags: Flags): boolean =>
  flags.get('tls-min-version') === 'VersionTLS13' ||
  (isSet(value) && listOf(value).every((suite) => strong.has(suite)));
