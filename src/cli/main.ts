import { Command } from 'commander';
import { CommandFailed } from './command.ts';
import { addCommands } from './commands.ts';
import { sentenceFor } from './failure.ts';

const program = new Command('rempart')
  .description('Kubernetes, closed by design')
  .showHelpAfterError('(rempart help shows what there is)')
  .helpCommand(true);
addCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  const sentence = sentenceFor(error);
  if (error instanceof CommandFailed) process.exitCode = error.exitCode;
  else if (sentence !== undefined) {
    process.stderr.write(`rempart: ${sentence}\n`);
    process.exitCode = 1;
  } else throw error;
}
