import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checks } from '../src/defence/checks.ts';
import { documentChecks } from '../src/defence/documentation.ts';

/** Writes docs/checks.md; a test compares it with the code. */
writeFileSync(join(import.meta.dirname, '../docs/checks.md'), documentChecks(checks));
