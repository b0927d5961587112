/**
 * Bounds of what is written by one user and computed for every other. A unit of cost is one call of a function, one
 * turn of a loop, or 16 characters that were looked at; a million take about a second at the worst.
 */
export const expressionLengthMax = 16 * 1024;
/** Levels of an expression's tree: more would exhaust the stack of whoever walks it. */
export const expressionDepthMax = 200;
/** Names in the type of a part of an expression, and steps of finding all of them. */
export const typeSizeMax = 200;
export const typeStepsMax = 1_000_000;
export const expressionCostMax = 1_000_000;
export const patternLengthMax = 1_000;
/** Instructions of a compiled pattern, and of all that are kept. */
export const patternSizeMax = 20_000;
export const patternsSizeMax = 200_000;
/** What is wrong is said with at most so many characters. */
export const errorLengthMax = 1_000;
/** And all that is wrong with an expression. */
export const mistakesLengthMax = 8_000;
