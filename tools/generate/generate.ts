import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deriveFacts } from './facts.ts';
import { generateProtocol } from './protocol.ts';

/** Writes everything that is generated and committed, from the packages pinned beside this file. */
writeFileSync(join(import.meta.dirname, '../../src/api/schema/facts.json'), deriveFacts());
generateProtocol();
