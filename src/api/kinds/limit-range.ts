import { compareQuantities, isQuantity, quantityMilli } from '../../foundation/quantity.ts';
import { defineKind } from '../define.ts';
import { checkResourceName } from '../pods/resources.ts';
import type { LimitRange, LimitRangeItem } from '../schema/types.d.ts';
import type { FieldError } from '../status.ts';
import { createdAtColumn, nameColumn } from '../table.ts';
import { duplicate, ErrorList, forbiddenValue, invalidValue, required } from '../validation/errors.ts';

export const limitRange = defineKind<LimitRange>({
  kind: 'LimitRange',
  resource: 'limitranges',
  hasGeneration: false,
  createdByUpdate: true,
  shortNames: ['limits'],
  wholeTable: true,
  columns: [nameColumn, createdAtColumn],
  validate({ spec }) {
    const errors = new ErrorList();
    const types = new Set<string>();
    (spec?.limits ?? []).forEach((item, index) => {
      const at = `spec.limits[${index}]`;
      if (!item.type) errors.push(required(`${at}.type`));
      else if (!limitTypes.has(item.type)) checkResourceName(item.type, limitTypes, `${at}.type`, errors);
      if (types.has(item.type)) errors.push(duplicate(`${at}.type`, item.type));
      types.add(item.type);
      if (item.type === 'Pod')
        for (const name of ['default', 'defaultRequest'] as const)
          if (Object.keys(item[name] ?? {}).length > 0)
            errors.push(forbiddenValue(`${at}.${name}`, 'may not be specified when `type` is Pod'));
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

const limitTypes = new Set(['Container', 'PersistentVolumeClaim', 'Pod']);
/** A limit of a pod or a container is one of what they use; a claim's is its storage. */
const limitNames = new Set(['cpu', 'ephemeral-storage', 'memory', 'storage']);

/** Source: kubernetes/kubernetes pkg/apis/core/validation/validation.go, ValidateLimitRange. */
function validateRatio(
  { min, max }: LimitRangeItem,
  name: string,
  ratio: string,
  field: string,
  errors: FieldError[],
): void {
  if (!isQuantity(ratio)) return;
  if (compareQuantities(ratio, '1') < 0) errors.push(invalidValue(field, ratio, `ratio ${ratio} is less than 1`));
  const [least, most] = [min?.[name], max?.[name]];
  if (least === undefined || most === undefined) return;
  const largest = quantityMilli(most) / quantityMilli(least);
  if (quantityMilli(ratio) / 1000 > largest)
    errors.push(invalidValue(field, ratio, `ratio ${ratio} is greater than max/min = ${largest.toFixed(6)}`));
}

/** From the least to the most: whatever is set of these must not be larger than what follows. */
const order = ['min', 'defaultRequest', 'default', 'max'] as const;

function validateOrder(item: LimitRangeItem, field: string, errors: FieldError[]): void {
  for (const list of [...order, 'maxLimitRequestRatio'] as const)
    for (const name of Object.keys(item[list] ?? {}))
      checkResourceName(name, limitNames, `${field}.${list}[${name}]`, errors);
  if (item.type === 'PersistentVolumeClaim' && !item.min?.['storage'] && !item.max?.['storage'])
    errors.push(
      required(`${field}.limits`, 'either minimum or maximum storage value is required, but neither was provided'),
    );
  for (const [name, ratio] of Object.entries(item.maxLimitRequestRatio ?? {}))
    validateRatio(item, name, ratio, `${field}.maxLimitRequestRatio[${name}]`, errors);
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
