import type { Environment } from '../environment.ts';
import type { Expr } from '../library.ts';

/** What is wrong, and at which character of the source. */
export class RewriteError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** What stays the same for the whole expression. */
export type Walk = {
  environment: Environment;
  /**
   * Names that have a value: `object`, `request`, and with a dot what is known inside: `request.userInfo`. With
   * braces behind, the types that objects may be made of: `Object{}`.
   */
  names: ReadonlySet<string>;
  /** Was this selection or index written with a `?`? */
  isOptional(expr: Expr): boolean;
  /** Throws a RewriteError that points at the expression. */
  fail(expr: Expr, message: string): never;
  /** Checks and rewrites an expression below this place. */
  down(expr: Expr | undefined, place: Place): Expr;
};

/** Where the walk is: names of macros around it, and how deep. */
export type Place = { local: ReadonlySet<string>; depth: number };

export const within = ({ local, depth }: Place, ...names: string[]): Place => ({
  ...{ local: new Set([...local, ...names]), depth },
});
