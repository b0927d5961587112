import { styleText } from 'node:util';
import { type ClusterStatus, status as readStatus } from '../../cluster/cluster.ts';
import { columns } from '../../foundation/columns.ts';
import { printable } from '../../foundation/printable.ts';
import { type AddCommand, type ClusterOptions, CommandFailed, dataDirOption, withCluster } from '../command.ts';
import { formatOption } from '../source-options.ts';

/** What runs, and every protection with its mode and the flag that relaxes it. */
export const status: AddCommand = (program) => {
  withCluster(program.command('status'))
    .description('what runs, and which protections are on')
    .addOption(formatOption())
    .addHelpText('after', '\nExit codes: 0 all of it runs; 1 wrong use, or something does not run.')
    .action(async (options: ClusterOptions & { format: 'table' | 'json' }) => {
      const found = await readStatus(options.dataDir);
      if (options.format === 'json') process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
      else process.stdout.write(render(found, dataDirOption(options.dataDir)));
      if (!found.healthy) throw new CommandFailed(1);
    });
};

function render({ cluster, processes, nodes, protections }: ClusterStatus, about: string): string {
  const mark = (good: boolean) => (good ? styleText('green', '●') : styleText('red', '●'));
  const lines = [`Cluster ${cluster.name} in ${cluster.dataDirectory}, API ${cluster.url}`, ''];
  for (const { name, running, detail } of processes) lines.push(`${mark(running)} ${name.padEnd(11)} ${detail}`);
  // A node tells of itself what it likes.
  for (const { name, ready, detail } of nodes) lines.push(`${mark(ready)} node ${name} ${printable(detail)}`);
  if (processes.some(({ running }) => !running)) lines.push(`  rempart up${about} starts what does not run`);
  lines.push('', ...protectionLines(protections));
  return `${lines.join('\n')}\n`;
}

/** Two lines for each, so that a terminal of a hundred columns shows all. */
function protectionLines(protections: ClusterStatus['protections']): string[] {
  const rows = protections.map(({ id, mode, relaxed, relaxedBy }) => [id, relaxed ? `${mode} (!)` : mode, relaxedBy]);
  const [titles = '', ...lines] = columns([['PROTECTION', 'MODE', 'RELAXED BY'], ...rows]);
  return [titles, ...lines.flatMap((line, index) => [line, `    ${protections[index]!.what}`])];
}
