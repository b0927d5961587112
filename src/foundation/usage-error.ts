/** A mistake that the user can mend: the message says what happened, where, and what to do. Shown without a stack. */
export class UsageError extends Error {}
