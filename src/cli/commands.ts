import type { Command } from 'commander';
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

/** Every command, in the order of `rempart help`, by what somebody wants to do. */
const groups: [title: string, commands: AddCommand[]][] = [
  ['Run a cluster:', [up, status, down, demo, dev, images]],
  ['Judge, read only:', [check, benchmark, exposure, whoCan, path, reach, reader]],
  ['See what happens:', [observations, drops]],
  ['Preview and plan:', [preview, plan, policies, roles]],
  ['Keep it safe:', [audit, rotateKeys, breakGlass]],
  ['Its own processes:', [server, agent]],
];

export function addCommands(program: Command): void {
  for (const [title, commands] of groups) {
    program.commandsGroup(title);
    for (const command of commands) command(program);
  }
}
