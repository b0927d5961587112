import { verifyAuditLog } from '../../cluster/cluster.ts';
import { type AddCommand, type ClusterOptions, CommandFailed, withCluster } from '../command.ts';

/** Is the record whole? */
export const audit: AddCommand = (program) => {
  withCluster(program.command('audit'))
    .description('check that nothing in the audit log was altered, removed or cut off')
    .addHelpText('after', '\nExit codes: 0 it is whole; 1 wrong use, or it is not whole.')
    .action(async ({ dataDir }: ClusterOptions) => {
      const { lines, problems, directory } = await verifyAuditLog(dataDir);
      for (const { file, line, what } of problems)
        process.stdout.write(line === 0 ? `${file} ${what}\n` : `${file}:${line} ${what}\n`);
      process.stdout.write(`${lines} lines in ${directory}: ${problems.length === 0 ? 'whole' : 'NOT whole'}\n`);
      if (problems.length > 0) throw new CommandFailed(1);
    });
};
