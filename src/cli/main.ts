import { Command } from 'commander';
import { UsageError } from '../foundation/usage-error.ts';
import { CommandFailed } from './command.ts';
import { commands } from './commands.ts';

const program = new Command('rempart')
  .description('Kubernetes, closed by design')
  .showHelpAfterError('(rempart help shows what there is)')
  .helpCommand(true);
for (const command of commands) command(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommandFailed) process.exitCode = error.exitCode;
  else if (error instanceof UsageError) {
    process.stderr.write(`rempart: ${error.message}\n`);
    process.exitCode = 1;
  } else throw error;
}
