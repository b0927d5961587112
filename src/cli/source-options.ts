import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Source, SourceOptions } from '../defence/defence.ts';
import { CommandFailed, collect } from './command.ts';

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

const unreadableShown = 20;

/**
 * What a command answers about. Manifests that cannot be read are told before the answer, and make its exit code 3 where
 * it would be 0; without any object there is no answer, which could only sound as if all were well.
 */
export async function openSource(path: string | undefined, choices: SourceChoices, nowMs: number): Promise<Source> {
  const { printable, readSoundSource } = await import('../defence/defence.ts');
  const source = await readSoundSource(sourceOptions(path, choices, nowMs));
  const { objects, unreadable = [] } = source.loaded ?? {};
  const lines = unreadable
    .slice(0, unreadableShown)
    .map(({ what, why }) => `not read, so not assessed: ${what}: ${why}`);
  if (unreadable.length > unreadableShown) lines.push(`and ${unreadable.length - unreadableShown} more`);
  if (objects?.length === 0) lines.push(`${source.about}: no object of Kubernetes is in it, so nothing can be said`);
  for (const line of lines) process.stderr.write(`rempart: ${printable(line)}\n`);
  if (unreadable.length > 0) process.exitCode = 3;
  if (objects?.length === 0) {
    source.close();
    throw new CommandFailed(3);
  }
  return source;
}

function readMinor(text: string): number {
  const minor = /^v?1\.(\d{1,3})$/.exec(text)?.[1];
  if (minor === undefined) throw new InvalidArgumentError('It is a version such as 1.36.');
  return Number(minor);
}

export const formatOption = (): Option =>
  new Option('--format <format>', 'how to tell it').choices(['table', 'json']).default('table');
