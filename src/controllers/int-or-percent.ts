/** `25%` of `total`, rounded up or down, or the number itself; what is neither counts as 0. */
export function intOrPercent(value: number | string | undefined, total: number, roundUp: boolean): number {
  if (typeof value === 'number') return value;
  const percent = /^(\d{1,6})%$/.exec(value ?? '')?.[1];
  if (percent === undefined) return Number(value ?? 0) || 0;
  const exact = (Number(percent) * total) / 100;
  return roundUp ? Math.ceil(exact) : Math.floor(exact);
}
