import { isObject } from '../../foundation/json.ts';
import { decodeObserved, decodeWindow, isObservationType } from './decode.ts';
import type { Observations, ObservationType, Observed, Window } from './observation.ts';
import { observationTypes } from './observation.ts';

/** What the first line says, so that the file is recognised. */
export const observationsFormat = 'rempart.io/observations/v1';

/** One line of the form: an observation or a window. */
export type Line =
  | { [T in ObservationType]: { type: T; observed: Observed[T] } }[ObservationType]
  | { type: 'window'; of: ObservationType; window: Window };

/** Observations as lines of JSON, each with its newline: a file that is cut off or damaged loses single lines. */
export function* observationLines(observations: Observations): Generator<string> {
  yield `${JSON.stringify({ format: observationsFormat })}\n`;
  for (const type of observationTypes) {
    for (const window of observations.windows[type]) yield `${JSON.stringify({ type: 'window', of: type, window })}\n`;
    for (const observed of observations[type]) yield `${JSON.stringify({ type, observed })}\n`;
  }
}

/** One parsed line after the first; undefined when it is none of this form. */
export function decodeLine(value: unknown, nowMs: number): Line | undefined {
  if (!isObject(value)) return undefined;
  const { type, of, window, observed } = value;
  if (type === 'window') {
    const decoded = decodeWindow(window, nowMs);
    return decoded !== undefined && isObservationType(of) ? { type, of, window: decoded } : undefined;
  }
  if (!isObservationType(type)) return undefined;
  const decoded = decodeObserved(type, observed, nowMs);
  return decoded === undefined ? undefined : ({ type, observed: decoded } as Line);
}
