import type { Budget } from './budget.ts';

/** What `authorizer` in an expression asks: a resource, or with `path` a URL. */
export type AuthorizationQuestion = {
  path?: string;
  group: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  fieldSelector: string;
  labelSelector: string;
  verb: string;
  /** Somebody other than who makes the request. */
  serviceAccount?: { namespace: string; name: string };
};
export type AuthorizationAnswer = { allowed: boolean; reason: string };

/** What functions need to know besides their arguments. */
export type Evaluation = {
  budget: Budget;
  authorize?(question: AuthorizationQuestion): AuthorizationAnswer;
};

/** Expressions are evaluated synchronously, one within another at most: the innermost is the one that counts. */
let current: Evaluation | undefined;

export function within<T>(evaluation: Evaluation, work: () => T): T {
  const outer = current;
  current = evaluation;
  try {
    return work();
  } finally {
    current = outer;
  }
}

export function currentEvaluation(): Evaluation {
  if (current === undefined) throw new Error('a CEL function was called outside of an evaluation');
  return current;
}
