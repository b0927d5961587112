import { compareQuantities, isQuantity } from '../../foundation/quantity.ts';
import { defineKind } from '../define.ts';
import type { LimitRange, LimitRangeItem } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { createdAtColumn, nameColumn } from '../table.ts';
import { duplicate, forbiddenValue, invalidValue, required } from '../validation/errors.ts';
import { checkQuantity } from '../validation/values.ts';

export const limitRange = defineKind<LimitRange>({
  kind: 'LimitRange',
  resource: 'limitranges',
  hasGeneration: false,
  createdByUpdate: true,
  shortNames: ['limits'],
  wholeTable: true,
  columns: [nameColumn, createdAtColumn],
  validate({ spec }) {
    const errors: FieldError[] = [];
    const types = new Set<string>();
    (spec?.limits ?? []).forEach((item, index) => {
      const at = `spec.limits[${index}]`;
      if (!item.type) errors.push(required(`${at}.type`));
      if (types.has(item.type)) errors.push(duplicate(`${at}.type`, item.type));
      types.add(item.type);
      if (item.type === 'Pod')
        for (const name of ['default', 'defaultRequest'] as const)
          if (item[name]) errors.push(forbiddenValue(`${at}.${name}`, 'may not be specified when `type` is Pod'));
      validateOrder(item, at, errors);
    });
    return errors;
  },
  // Source: kubernetes/kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_LimitRangeItem.
  defaults({ spec }) {
    for (const item of spec?.limits ?? []) {
      if (item.type !== 'Container') continue;
      item.default = { ...item.max, ...item.default };
      item.defaultRequest = { ...item.min, ...item.default, ...item.defaultRequest };
    }
  },
});

/** From the least to the most: whatever is set of these must not be larger than what follows. */
const order = ['min', 'defaultRequest', 'default', 'max'] as const;

function validateOrder(item: LimitRangeItem, field: string, errors: FieldError[]): void {
  for (const list of [...order, 'maxLimitRequestRatio'] as const)
    for (const [name, amount] of Object.entries(item[list] ?? {}))
      checkQuantity(amount, `${field}.${list}[${name}]`, errors);
  order.forEach((lower, index) => {
    for (const [name, amount] of Object.entries(item[lower] ?? {}))
      for (const higher of order.slice(index + 1)) {
        const limit = item[higher]?.[name];
        if (limit === undefined || !isQuantity(amount) || !isQuantity(limit)) continue;
        if (compareQuantities(amount, limit) > 0)
          errors.push(
            invalidValue(
              `${field}.${lower}[${name}]`,
              amount,
              `${lower} value ${amount} is greater than ${higher} value ${limit}`,
            ),
          );
      }
  });
}
