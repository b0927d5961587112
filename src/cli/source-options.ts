import { type Command, InvalidArgumentError, Option } from 'commander';
import type { SourceOptions } from '../defence/defence.ts';

/** What `withSource` adds to the options of a command. */
export type SourceChoices = { kubeconfig?: string; context?: string; kubernetes?: number; observations?: string[] };

/**
 * For commands that judge manifests or a live cluster: `[path]`, after the command's own arguments, and the options that
 * say which cluster.
 */
export const withSource = (command: Command): Command =>
  withKubeconfig(
    command.argument('[path]', 'manifests: a folder, a file or - (default: the live cluster of the kubeconfig)'),
  )
    .option('--kubernetes <version>', 'version to judge for (default: the cluster’s; 1.36 for manifests)', readMinor)
    .option('--observations <file>', 'what was seen: a log of flows or of API calls (may be given again)', collect);

/** The options that say which cluster. */
export const withKubeconfig = (command: Command): Command =>
  command
    .option('--kubeconfig <file>', 'how to reach the cluster (default: $KUBECONFIG, or ~/.kube/config)')
    .option('--context <name>', 'context of the kubeconfig (default: its current one)');

/** What `readSource` of the defence room needs. */
export function sourceOptions(path: string | undefined, choices: SourceChoices, nowMs: number): SourceOptions {
  const { kubeconfig, context, kubernetes, observations } = choices;
  return { path, kubeconfig, context, kubernetes, observations, nowMs };
}

const collect = (value: string, previous: string[] = []): string[] => [...previous, value];

function readMinor(text: string): number {
  const minor = /^v?1\.(\d{1,3})$/.exec(text)?.[1];
  if (minor === undefined) throw new InvalidArgumentError('It is a version such as 1.36.');
  return Number(minor);
}

export const formatOption = (): Option =>
  new Option('--format <format>', 'how to tell it').choices(['table', 'json']).default('table');
