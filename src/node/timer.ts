/** What a timer holds, nearly 25 days: given more it fires at once. Who waits for longer looks again then. */
export const timerMsMax = 2 ** 31 - 1;
