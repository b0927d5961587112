import { formatTime } from '../foundation/clock.ts';

export type Condition = {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  lastUpdateTime?: string;
  [field: string]: unknown;
};

export const conditionOf = (conditions: Condition[] | undefined, type: string): Condition | undefined =>
  conditions?.find((condition) => condition.type === type);

export const isTrue = (conditions: Condition[] | undefined, type: string): boolean =>
  conditionOf(conditions, type)?.status === 'True';

/**
 * The list with one condition set: an unchanged one is kept as it is, and the time of transition moves only when the
 * status does.
 */
export function withCondition(conditions: Condition[] | undefined, wanted: Condition, nowMs: number): Condition[] {
  const list = conditions ?? [];
  const old = conditionOf(list, wanted.type);
  if (old && old.status === wanted.status && old.reason === wanted.reason && old.message === wanted.message)
    return list;
  const lastTransitionTime = old?.status === wanted.status ? old.lastTransitionTime : formatTime(nowMs);
  const changed = { ...wanted, lastTransitionTime };
  return old ? list.map((condition) => (condition === old ? changed : condition)) : [...list, changed];
}

export const withoutCondition = (conditions: Condition[] | undefined, type: string): Condition[] =>
  (conditions ?? []).filter((condition) => condition.type !== type);
