/** Bounds of one request: its policies together. What exceeds them is an error, and the failurePolicy decides. */
export const requestCostMax = 4_000_000;
export const requestDurationMaxMs = 1_000;
/** What every evaluation costs at least: a request has five hundred, of policies times bindings times parameters. */
export const evaluationCost = 8_000;

/** Bounds of one policy, checked when it is written. Those that upstream has are upstream's. */
export const matchConditionsMax = 64;
export const validationsMax = 100;
export const mutationsMax = 100;
export const variablesMax = 100;
export const auditAnnotationsMax = 20;
/** All expressions of a policy together: compiling them takes a second at the very worst. */
export const policyExpressionsLengthMax = 64 * 1024;

/** Upstream's: a message made by an expression, and the value of an annotation. */
export const messageBytesMax = 5 * 1024;
export const annotationBytesMax = 10 * 1024;
export const annotationExpressionBytesMax = 5 * 1024;

/** What a mutation may make of an object, in characters of JSON: as much as a request may send. */
export const mutatedLengthMax = 3 * 1024 * 1024;
