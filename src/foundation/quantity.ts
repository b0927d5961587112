const suffixes: Record<string, number> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
};

const form = /^([+-]?)(\d{1,30}(?:\.\d{0,30})?|\.\d{1,30})(?:([eE][+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i)?)$/;

/** The number a resource.Quantity stands for (`500m` is 0.5, `1Ki` is 1024); undefined when it is not one. */
export function parseQuantity(quantity: string | number | undefined): number | undefined {
  if (typeof quantity === 'number') return Number.isFinite(quantity) ? quantity : undefined;
  const parts = form.exec(quantity ?? '');
  if (parts === null) return undefined;
  const [, sign, digits, exponent, suffix] = parts;
  if (exponent) return Number(`${sign}${digits}${exponent}`);
  return Number(`${sign}${digits}`) * suffixes[suffix ?? '']!;
}

/** In whole units (bytes, pods), rounded up as Kubernetes does; 0 when absent or malformed. */
export const quantityValue = (quantity: string | number | undefined): number =>
  Math.ceil(tidy(parseQuantity(quantity) ?? 0));

/** In thousandths (millicores), rounded up; 0 when absent or malformed. */
export const quantityMilli = (quantity: string | number | undefined): number =>
  Math.ceil(tidy((parseQuantity(quantity) ?? 0) * 1000));

/** Takes back what binary fractions add, so that 0.1 cores are 100 and not 101 thousandths. By a text, so only where it is due. */
const tidy = (value: number) =>
  Number.isInteger(value) && Math.abs(value) < 1e15 ? value : Number(value.toPrecision(15));

/** A quantity without loss, as upstream keeps it: in billionths, and the family of suffixes it was written with. */
type Exact = { nano: bigint; family: 'decimal' | 'binary' | 'exponent' };

const nanoPerUnit = 10n ** 9n;
/** Upstream caps what is larger than an int64 can hold. */
const unitsMax = 2n ** 63n - 1n;

const scales: Record<string, bigint> = Object.fromEntries([
  ...['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'].map((suffix, index) => [suffix, 1000n ** BigInt(index)]),
  ...['Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map((suffix, index) => [suffix, nanoPerUnit * 1024n ** BigInt(index + 1)]),
]);

/** Source: k8s.io/apimachinery/pkg/api/resource/quantity.go, ParseQuantity. Digits after the ninth are rounded up. */
function readExact(quantity: string | number): Exact | undefined {
  const text = String(quantity);
  const known = exact.get(text);
  if (known) return known;
  const read = readAnew(text);
  if (read === undefined) return undefined;
  if (exact.size >= rememberedMax) exact.clear();
  exact.set(text, read);
  return read;
}

/** The same few quantities come again and again: `100m`, `64Mi`. */
const exact = new Map<string, Exact>();
const canonical = new Map<string, string>();
const rememberedMax = 1000;

function readAnew(quantity: string): Exact | undefined {
  const parts = form.exec(quantity);
  if (parts === null) return undefined;
  const [, sign, digits = '', exponent, suffix = ''] = parts;
  const [whole = '', fraction = ''] = digits.split('.');
  const family = exponent ? 'exponent' : suffix.endsWith('i') ? 'binary' : 'decimal';
  const power = exponent ? Number(exponent.slice(1)) : 0;
  const scale = exponent ? nanoPerUnit * (power > 0 ? 10n ** BigInt(power) : 1n) : scales[suffix]!;
  const divisor = 10n ** BigInt(fraction.length + (power < 0 ? -power : 0));
  const scaled = BigInt(`${whole}${fraction}`) * scale;
  const rounded = scaled / divisor + (scaled % divisor === 0n ? 0n : 1n);
  const nano = rounded > unitsMax * nanoPerUnit ? unitsMax * nanoPerUnit : rounded;
  return { nano: sign === '-' ? -nano : nano, family };
}

/** In billionths, exact; undefined when it is not a quantity. */
export const exactQuantity = (quantity: string): bigint | undefined => readExact(quantity)?.nano;

/** Is it written as the API takes quantities? A number counts as its text. */
export const isQuantity = (quantity: unknown): quantity is string | number =>
  (typeof quantity === 'string' || typeof quantity === 'number') && readExact(quantity) !== undefined;

/** Negative, 0 or positive, as `a - b`; exact. Malformed quantities count as 0. */
export function compareQuantities(a: string | number, b: string | number): number {
  if (a === b) return 0;
  const difference = (readExact(a)?.nano ?? 0n) - (readExact(b)?.nano ?? 0n);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** The exact sum in the first one's family of suffixes, canonical. Malformed quantities count as 0. */
export function addQuantities(a: string | number, b: string | number): string {
  const left = readExact(a) ?? { nano: 0n, family: 'decimal' };
  const right = readExact(b)?.nano ?? 0n;
  // Upstream lets zero take the family of what is added to it.
  const family = left.nano === 0n ? (readExact(b)?.family ?? left.family) : left.family;
  return show({ nano: left.nano + right, family });
}

/** The form that the API answers with: `1000m` is `1`, `1024Mi` is `1Gi`; undefined when it is not a quantity. */
export function canonicalQuantity(quantity: string | number): string | undefined {
  const text = String(quantity);
  const known = canonical.get(text);
  if (known !== undefined) return known;
  const read = readExact(text);
  if (read === undefined) return undefined;
  const shown = show(read);
  if (canonical.size >= rememberedMax) canonical.clear();
  canonical.set(text, shown);
  return shown;
}

function show({ nano, family }: Exact): string {
  if (nano === 0n) return '0';
  const magnitude = nano < 0n ? -nano : nano;
  const sign = nano < 0n ? '-' : '';
  // Below 1024 a binary suffix has nothing to say.
  if (family === 'binary' && magnitude >= 1024n * nanoPerUnit) {
    const units = magnitude / nanoPerUnit + (magnitude % nanoPerUnit === 0n ? 0n : 1n);
    const { mantissa, power } = strip(units, 1024n, 6);
    return `${sign}${mantissa}${['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'][power]}`;
  }
  const { mantissa, power } = strip(magnitude, 1000n, 9);
  if (family !== 'exponent') return `${sign}${mantissa}${['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'][power]}`;
  return `${sign}${mantissa}${power === 3 ? '' : `e${(power - 3) * 3}`}`;
}

function strip(value: bigint, base: bigint, powerMax: number): { mantissa: bigint; power: number } {
  let mantissa = value;
  let power = 0;
  while (power < powerMax && mantissa % base === 0n) {
    mantissa /= base;
    power++;
  }
  return { mantissa, power };
}
