import type { Expr } from '../library.ts';

/** What stays the same for the whole expression. */
export type Walk = {
  /** Variables whose fields have values of their own: that of `request.name` is found under this name. */
  spread: ReadonlySet<string>;
  isFunction(name: string): boolean;
  /** Selections and indexes whose result is an optional. */
  isOptional(expr: Expr): boolean;
  /** The positions of the parts of this expression that a `?` stood before. */
  optionalParts(expr: Expr): ReadonlySet<number> | undefined;
  /** Rewrites an expression below this place. */
  down(expr: Expr | undefined, place: Place): Expr;
};

/** What the names that macros make around a place stand for there. */
export type Place = { local: ReadonlyMap<string, (like: Expr) => Expr> };

export const within = ({ local }: Place, names: Record<string, (like: Expr) => Expr>): Place => ({
  local: new Map([...local, ...Object.entries(names)]),
});
