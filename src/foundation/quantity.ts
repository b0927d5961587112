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

/** Takes back what binary fractions add, so that 0.1 cores are 100 and not 101 thousandths. */
const tidy = (value: number) => Number(value.toPrecision(15));
