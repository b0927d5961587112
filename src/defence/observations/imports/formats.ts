import type { ObservationType } from '../../../api/observations/observation.ts';
import { createAuditParser } from './audit.ts';
import { calico } from './calico.ts';
import { hubble } from './hubble.ts';

/** Something seen as another program wrote it: its fields are not trusted yet. */
export type Recorded = { type: ObservationType; observed: unknown };

/** One format of others. It reads one record at a time and may throw TypeErrors: whoever calls counts those as refused. */
export type Parser = {
  name: string;
  /** What such a file tells of: for these it is a window. */
  types: ObservationType[];
  knows(record: Record<string, any>): boolean;
  /** What was seen, nothing for what is no observation, or how many records the writer lost. */
  parse(record: Record<string, any>): Recorded[] | { lost: number };
};

/** Every format that is recognised by its content. */
export const createParsers = (): Parser[] => [createAuditParser(), hubble, calico];
