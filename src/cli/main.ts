import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { CommandFailed } from './command.ts';
import { addCommands } from './commands.ts';
import { printableError, sentenceFor } from './failure.ts';

/** Read when it is asked for: the API server may read little else than its code. */
function readVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

const program = new Command('rempart')
  .description('Kubernetes, closed by design')
  .showHelpAfterError('(rempart help shows what there is)')
  .helpCommand(true)
  .option('-V, --version', 'the version of Rempart')
  .on('option:version', () => {
    process.stdout.write(`rempart ${readVersion()}\n`);
    process.exit(0);
  });
addCommands(program);

try {
  await program.parseAsync();
} catch (error) {
  const sentence = sentenceFor(error);
  if (error instanceof CommandFailed) process.exitCode = error.exitCode;
  else if (sentence !== undefined) {
    process.stderr.write(`rempart: ${sentence}\n`);
    process.exitCode = 1;
  } else throw printableError(error);
}
