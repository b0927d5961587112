import type { Command } from 'commander';
import { type AddCommand, CommandFailed, collect } from '../command.ts';
import { formatOption, type SourceChoices, sourceOptions, withSource } from '../source-options.ts';

type Options = SourceChoices & {
  filename?: string[];
  delete?: boolean;
  remove?: string[];
  protection?: string[];
  podSecurity?: string[];
  allowFrom?: string[];
  format: 'table' | 'json';
  allowances?: string;
  apply?: boolean;
  accept?: string;
  undoFile?: string;
  undo?: string;
};

export const preview: AddCommand = (program) => {
  const command = withSource(
    program
      .command('preview')
      .description('what a change would break, open or leave unknown before it is made, and how to take it back'),
  );
  withChange(command)
    .option('--apply', 'make the change after the preview; refused when something would or may break')
    .option(
      '--accept <reason>',
      'with --apply: make it although something breaks or may break; the reason stays on the objects',
    )
    .option('--undo-file <file>', 'with --apply: where the undo goes (default: rempart-undo-TIME.json here)')
    .option('--undo <file>', 'take back what an undo file tells of')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing breaks (what opens is listed), or the change was made; 1 wrong use; 2 something would ' +
        'break and was not accepted; 3 nothing is seen to break, but something is unknown or was not assessed.',
    )
    .action(run);
};

const withChange = (command: Command): Command =>
  command
    .option('-f, --filename <path>', 'the change: a file, a folder or - (may be given again)', collect)
    .option('--delete', 'what the files hold would be removed')
    .option('--remove <object>', 'KIND/NAMESPACE/NAME, or KIND/NAME, would be removed (may be given again)', collect)
    .option('--protection <id=mode>', 'the mode of a protection would be this one', collect)
    .option('--pod-security <namespace=level>', 'the namespace would enforce this level (LEVEL:v1.30)', collect)
    .option('--allow-from <cidr>', 'clients could connect from here only (all ranges, one by one)', collect)
    .option('--allowances <file>', 'write the objects that would make everything broken safe, to be applied')
    .addOption(formatOption());

async function run(path: string | undefined, options: Options): Promise<void> {
  const { previewOn } = await import('../../defence/defence.ts');
  const { text, exitCode } = await previewOn(sourceOptions(path, options, Date.now()), {
    words: {
      files: options.filename ?? [],
      deletes: options.delete === true,
      removals: options.remove ?? [],
      protections: options.protection ?? [],
      podSecurity: options.podSecurity ?? [],
    },
    ...(options.allowFrom ? { allowFrom: options.allowFrom } : {}),
    format: options.format,
    colour: process.stdout.isTTY === true,
    ...(options.apply ? { apply: { reason: options.accept, undoFile: options.undoFile } } : {}),
    ...(options.undo === undefined ? {} : { undo: options.undo }),
    ...(options.allowances === undefined ? {} : { allowances: options.allowances }),
  });
  process.stdout.write(text);
  if (exitCode !== 0) throw new CommandFailed(exitCode);
}
