import type { AddCommand } from './command.ts';
import { agent } from './commands/agent.ts';
import { audit } from './commands/audit.ts';
import { benchmark } from './commands/benchmark.ts';
import { breakGlass } from './commands/break-glass.ts';
import { check } from './commands/check.ts';
import { demo } from './commands/demo.ts';
import { dev } from './commands/dev.ts';
import { down } from './commands/down.ts';
import { drops } from './commands/drops.ts';
import { exposure } from './commands/exposure.ts';
import { images } from './commands/images.ts';
import { observations } from './commands/observations.ts';
import { path } from './commands/path.ts';
import { plan } from './commands/plan.ts';
import { policies } from './commands/policies.ts';
import { preview } from './commands/preview.ts';
import { reach } from './commands/reach.ts';
import { reader } from './commands/reader.ts';
import { roles } from './commands/roles.ts';
import { rotateKeys } from './commands/rotate-keys.ts';
import { server } from './commands/server.ts';
import { status } from './commands/status.ts';
import { up } from './commands/up.ts';
import { whoCan } from './commands/who-can.ts';

/** Every command, in the order of `rempart help`. */
export const commands: AddCommand[] = [
  ...[up, down, status, check, reader, benchmark, audit, rotateKeys, breakGlass, demo, dev, images],
  ...[preview, reach, policies, observations, drops],
  ...[exposure, path, whoCan, roles, plan],
  ...[server, agent],
];
