import { styleText } from 'node:util';
import { type ClusterStatus, status as readStatus } from '../../cluster/cluster.ts';
import { type AddCommand, type ClusterOptions, CommandFailed, withCluster } from '../command.ts';

/** What runs, and every protection with its mode and the flag that relaxes it. */
export const status: AddCommand = (program) => {
  withCluster(program.command('status'))
    .description('what runs, and which protections are on')
    .option('--output <format>', 'table or json', 'table')
    .action(async (options: ClusterOptions & { output: string }) => {
      const found = await readStatus(options.dataDir);
      if (options.output === 'json') process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
      else process.stdout.write(render(found));
      if (!found.healthy) throw new CommandFailed(1);
    });
};

function render({ cluster, processes, nodes, protections }: ClusterStatus): string {
  const mark = (good: boolean) => (good ? styleText('green', '●') : styleText('red', '●'));
  const lines = [`Cluster ${cluster.name} in ${cluster.dataDirectory}, API ${cluster.url}`, ''];
  for (const { name, running, detail } of processes) lines.push(`${mark(running)} ${name.padEnd(11)} ${detail}`);
  for (const { name, ready, detail } of nodes) lines.push(`${mark(ready)} node ${name} ${detail}`);
  lines.push('', ...table(['LEVEL', 'PROTECTION', 'MODE', 'WHAT', 'RELAXED BY'], protections));
  return `${lines.join('\n')}\n`;
}

function table(titles: string[], rows: ClusterStatus['protections']): string[] {
  const cells = [
    titles,
    ...rows.map(({ level, id, mode, relaxed, what, relaxedBy }) => [
      level,
      id,
      relaxed ? `${mode} (!)` : mode,
      what,
      relaxedBy,
    ]),
  ];
  const widths = titles.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  );
}
