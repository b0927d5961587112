/** Thrown through every operator that would swallow an error of the expression itself (`||`, `&&`). */
export class BudgetError extends Error {}

/** How much an evaluation may still cost. Throws BudgetError when it is spent, and ever after. */
export type Budget = { spend(units: number): void };

type BudgetOptions = {
  costMax: number;
  /** What this one is a part of: spent together. */
  parent?: Budget;
  /** The evaluation ends at this time of `monotonicMs`, whatever it has cost. */
  deadlineMs?: number;
  monotonicMs?(): number;
};

/** Upstream's words, before ours: scripts look for them. */
const cancelled = 'operation cancelled: actual cost limit exceeded';

/** Looking at the clock costs more than a step: it is looked at once in so many units. */
const unitsPerLook = 1_000;

export function createBudget({ costMax, parent, deadlineMs, monotonicMs }: BudgetOptions): Budget {
  let spent = 0;
  let looked = 0;
  return {
    spend(units) {
      spent += units;
      parent?.spend(units);
      if (spent > costMax) throw new BudgetError(`${cancelled}: it costs more than the ${costMax} units allowed`);
      if (deadlineMs === undefined || monotonicMs === undefined || spent - looked < unitsPerLook) return;
      looked = spent;
      if (monotonicMs() > deadlineMs) throw new BudgetError(`${cancelled}: it takes longer than allowed`);
    },
  };
}
