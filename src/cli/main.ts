import { Command } from 'commander';
import { programVersion } from '../foundation/program-version.ts';
import { CommandFailed } from './command.ts';
import { addCommands } from './commands.ts';
import { printableError, sentenceFor } from './failure.ts';

const program = new Command('rempart')
  .description('Kubernetes, closed by design')
  .showHelpAfterError('(rempart help shows what there is)')
  .helpCommand(true)
  // A terminal has 80 columns: names only, so that what a command does has room, and lines end between words.
  .configureHelp({ subcommandTerm: (command) => command.name(), minWidthToWrap: 20 })
  .option('-V, --version', 'the version of Rempart')
  .on('option:version', () => {
    process.stdout.write(`rempart ${programVersion()}\n`);
    process.exit(0);
  });
addCommands(program);

/** What a shell says of a program that ended because its reader did (128 + SIGPIPE). */
const readerGone = 141;

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads this has enough (`| head`): nothing went wrong, and no verdict was given in full.
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? readerGone);
  throw error;
});

try {
  await program.parseAsync();
} catch (error) {
  const sentence = sentenceFor(error);
  if (error instanceof CommandFailed) process.exitCode = error.exitCode;
  else if (sentence !== undefined) {
    process.stderr.write(`rempart: ${sentence}\n`);
    // What was begun before it failed may keep on running.
    process.exit(1);
  } else throw printableError(error);
}
