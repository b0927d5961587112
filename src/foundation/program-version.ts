import { readFileSync } from 'node:fs';

/** The version of Rempart. Read when it is asked for: the API server may read little else than its code. */
export const programVersion = (): string =>
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
