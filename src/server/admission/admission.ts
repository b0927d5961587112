import type { Clock } from '../../foundation/clock.ts';
import type { Authorization } from '../authorization/authorization.ts';
import type { AdmissionPlugin, Lookup } from '../contracts.ts';

export type AdmissionSettings = {
  lookup: Lookup;
  authorization: Authorization;
  clock: Clock;
};

/** Every admission plugin, in order: first all that change the object, then all that judge it. */
export function admissionPlugins(_settings: AdmissionSettings): AdmissionPlugin[] {
  return [];
}
