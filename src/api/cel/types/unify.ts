import { typeStepsMax } from '../limits.ts';
import { dyn, isDyn, isDynOrError, isSameType, type Type, typeWith } from './type.ts';

/** What parameters stand for, as far as it is known. What an attempt that fails has learned is forgotten again. */
export type Unifier = {
  /** A parameter that nothing is known of. */
  fresh(): Type;
  /** May values of these types be used where those are wanted? */
  accepts(given: readonly Type[], wanted: readonly Type[]): boolean;
  /** With what parameters stand for put in their place; those that stand for nothing are `dyn` in the end. */
  resolve(type: Type, last?: 'last'): Type;
};

/** Types that null is a value of. */
const nullable = new Set(['duration', 'timestamp', 'any', 'optional_type']);

/** Source: https://github.com/google/cel-go/blob/master/checker/types.go. */
export function createUnifier(): Unifier {
  const known = new Map<string, Type>();
  const journal: { name: string; before: Type | undefined }[] = [];
  let count = 0;
  let steps = 0;
  const step = () => {
    if (++steps > typeStepsMax) throw new RangeError('the types of the expression are too large');
  };

  const learn = (name: string, type: Type) => {
    journal.push({ name, before: known.get(name) });
    known.set(name, type);
  };
  const forgetFrom = (length: number) => {
    for (const { name, before } of journal.splice(length).reverse())
      if (before === undefined) known.delete(name);
      else known.set(name, before);
  };

  /** Is there no such parameter inside the type? */
  const isOutside = (name: string, type: Type): boolean => {
    step();
    if (!type.isParameter) return type.params.every((param) => isOutside(name, param));
    if (type.name === name) return false;
    const found = known.get(type.name);
    return found === undefined || isOutside(name, found);
  };

  /** `bound`: the parameter stands for something else already, so that this is no way. */
  const bind = (param: Type, type: Type): 'yes' | 'bound' | 'no' => {
    if (isSameType(param, type)) return 'yes';
    const found = known.get(param.name);
    if (found !== undefined) {
      if (isSameType(found, type)) return 'yes';
      if (!accepts(type, found)) return 'bound';
      const general = isLessSpecific(type, found) ? type : found;
      if (isOutside(param.name, general)) learn(param.name, general);
      return 'yes';
    }
    if (!isOutside(param.name, type)) return 'no';
    learn(param.name, type);
    return 'yes';
  };

  const accepts = (given: Type, wanted: Type): boolean => {
    step();
    if (wanted.isParameter) {
      const bound = bind(wanted, given);
      if (bound !== 'no') return bound === 'yes';
    }
    if (given.isParameter) return bind(given, wanted) === 'yes';
    if (isDynOrError(given) || isDynOrError(wanted)) return true;
    if (given.name === 'null') return wanted.name === 'null' || isNullable(wanted);
    if (wanted.name === 'null') return isNullable(given);
    if (given.name === 'type') return wanted.name === 'type';
    return (
      given.name === wanted.name &&
      given.params.length === wanted.params.length &&
      given.params.every((param, index) => accepts(param, wanted.params[index]!))
    );
  };

  const resolve: Unifier['resolve'] = (type, last) => {
    step();
    if (!type.isParameter)
      return type.params.length === 0
        ? type
        : typeWith(
            type,
            type.params.map((param) => resolve(param, last)),
          );
    const found = known.get(type.name);
    if (found !== undefined) return resolve(found, last);
    return last === undefined ? type : dyn;
  };

  return {
    fresh: () => ({ name: `_var${count++}`, params: [], isParameter: true }),
    accepts(given, wanted) {
      const length = journal.length;
      const fits = given.length === wanted.length && given.every((type, index) => accepts(type, wanted[index]!));
      if (!fits) forgetFrom(length);
      return fits;
    },
    resolve,
  };
}

const isNullable = ({ name, fields }: Type): boolean =>
  nullable.has(name) || fields !== undefined || /[.A-Z]/.test(name);

/** Is the one type as the other, but for places where it says less? */
export function isLessSpecific(left: Type, right: Type): boolean {
  if (isDyn(left) || left.isParameter) return true;
  if (isDyn(right) || right.isParameter) return false;
  if (left.name !== right.name || left.params.length !== right.params.length) return false;
  return left.name === 'type' || left.params.every((param, index) => isLessSpecific(param, right.params[index]!));
}
