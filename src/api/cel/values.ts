import { setOwn } from '../../foundation/json.ts';
import type { Schema } from '../schema/schema.ts';
import type { Budget } from './budget.ts';
import { isOptional } from './extensions/optionals.ts';
import { durationText, timeText } from './extensions/times.ts';
import { type CelMap, library } from './library.ts';

const int64Max = 2 ** 63;

/**
 * A JSON value as CEL sees it. JSON knows one kind of number, CEL two: what the schema calls a number is a double, and
 * else what is whole is an int, as upstream's decoder has it.
 */
export function celValue(value: unknown, schema?: Schema): unknown {
  const { celList, celMap } = library.cel;
  if (typeof value === 'number') {
    const isInt = schema?.type !== 'number' && Number.isInteger(value) && Math.abs(value) < int64Max;
    return isInt ? BigInt(value) : value;
  }
  if (Array.isArray(value)) return celList(value.map((item) => celValue(item, schema?.items)) as never);
  if (typeof value === 'object' && value !== null) {
    const map = new Map<string, unknown>();
    for (const [key, field] of Object.entries(value))
      if (field !== undefined) map.set(key, celValue(field, fieldOf(schema, key)));
    return celMap(map as never);
  }
  return value;
}

function fieldOf(schema: Schema | undefined, key: string): Schema | undefined {
  const { properties, additionalProperties } = schema ?? {};
  if (properties !== undefined && Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** Objects are maps that know the name of their type. */
const typeNames = new WeakMap<object, string>();

/** The same map as an object of a type: every object has one of its own, an empty one too. */
export function typed(map: CelMap, name: string): CelMap {
  const object = library.cel.celMap(new Map(map) as never);
  typeNames.set(object, name);
  return object;
}

/** The name of the type that an object was made of. */
export const typeNameOf = (value: unknown): string | undefined =>
  typeof value === 'object' && value !== null ? typeNames.get(value) : undefined;

/**
 * The JSON value of a result; an optional is what is inside it. Lists in lists may share what they hold: what is copied is
 * paid for. Throws an Error for what JSON does not know, and BudgetError.
 */
export function jsonOf(value: unknown, budget: Budget): unknown {
  budget.spend(1);
  const { isCelList, isCelMap, isCelUint } = library.cel;
  if (typeof value === 'string') budget.spend(value.length / 16);
  if (typeof value === 'bigint') return exact(value);
  if (isCelUint(value)) return exact(value.value);
  if (isOptional(value)) return value.size === 0 ? null : jsonOf(value.get(0), budget);
  if (isCelList(value)) return [...value].map((item) => jsonOf(item, budget));
  if (isCelMap(value)) {
    const object: Record<string, unknown> = {};
    for (const [key, field] of value) {
      if (typeof key !== 'string')
        throw new Error(`unsupported type conversion from '${library.cel.celType(key).name}' to string`);
      setOwn(object, key, jsonOf(field, budget));
    }
    return object;
  }
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  const { name } = library.cel.celType(value as never);
  if (name === 'google.protobuf.Timestamp') return timeText(value as never);
  if (name === 'google.protobuf.Duration') return durationText(value as never);
  throw new Error(`type conversion error from '${name.split('.').at(-1)}' to JSON`);
}

function exact(value: bigint): number {
  if (!Number.isSafeInteger(Number(value))) throw new Error(`${value} has no exact form in JSON`);
  return Number(value);
}
