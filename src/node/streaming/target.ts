import { badRequest, notFound } from '../../api/status.ts';
import type { LogOptions } from '../logs/read.ts';
import type { Container, Sandbox, StreamOptions } from '../runtimes/runtime.ts';

/** What a request of the API server is about. Paths are the kubelet's, so that its clients work too. */
export type Target =
  | { kind: 'exec' | 'attach'; namespace: string; pod: string; container: string }
  | LogTarget
  | { kind: 'portForward'; namespace: string; pod: string };

export type LogTarget = { kind: 'logs'; namespace: string; pod: string; container: string };

const kinds = { exec: 'exec', attach: 'attach', containerLogs: 'logs', portForward: 'portForward' } as const;
const wordsMax = 4096;

/** `/exec/NAMESPACE/POD[/UID]/CONTAINER` and its siblings; undefined for every other path. */
export function targetOf({ pathname, searchParams }: URL): Target | undefined {
  const [verb = '', namespace, pod, ...rest] = pathname.split('/').slice(1).map(decoded);
  const kind = Object.hasOwn(kinds, verb) ? kinds[verb as keyof typeof kinds] : undefined;
  if (kind === undefined || !namespace || !pod || rest.length > 2) return undefined;
  if (kind === 'portForward') return { kind, namespace, pod };
  return { kind, namespace, pod, container: rest.at(-1) ?? searchParams.get('container') ?? '' };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest('the path of the request is not well encoded');
  }
}

/** Both the kubelet's names (`input`, `output`, `error`) and those of PodExecOptions. */
export function streamsOf({ searchParams }: URL): StreamOptions {
  const isSet = (...names: string[]) => names.some((name) => /^(true|1)$/.test(searchParams.get(name) ?? ''));
  const streams = {
    stdin: isSet('stdin', 'input'),
    stdout: isSet('stdout', 'output'),
    stderr: isSet('stderr', 'error'),
    tty: isSet('tty'),
  };
  if (!streams.stdin && !streams.stdout && !streams.stderr)
    throw badRequest('you must specify at least 1 of stdin, stdout, stderr');
  return streams;
}

export function commandOf({ searchParams }: URL): string[] {
  const command = searchParams.getAll('command');
  if (command.length === 0) throw badRequest('you must specify a command');
  if (command.length > wordsMax) throw badRequest(`a command has at most ${wordsMax} words`);
  return command;
}

/** PodLogOptions without `follow` and `previous`. */
export function logOptionsOf({ searchParams }: URL, nowMs: number): LogOptions {
  const number = (name: string) => {
    const text = searchParams.get(name);
    if (text === null || text === '') return undefined;
    if (!/^\d{1,15}$/.test(text)) throw badRequest(`${name} must be a whole number that is not negative`);
    return Number(text);
  };
  const options: LogOptions = { timestamps: searchParams.get('timestamps') === 'true' };
  const [tailLines, limitBytes, sinceSeconds] = [number('tailLines'), number('limitBytes'), number('sinceSeconds')];
  const sinceTime = searchParams.get('sinceTime');
  const stream = searchParams.get('stream');
  if (tailLines !== undefined) options.tailLines = tailLines;
  if (limitBytes !== undefined) options.limitBytes = limitBytes;
  if (sinceSeconds !== undefined) options.sinceMs = nowMs - sinceSeconds * 1000;
  if (sinceTime) options.sinceMs = Date.parse(sinceTime);
  if (Number.isNaN(options.sinceMs)) throw badRequest(`sinceTime is no RFC 3339 time: ${sinceTime}`);
  if (stream === 'Stdout' || stream === 'Stderr') options.stream = stream === 'Stdout' ? 'stdout' : 'stderr';
  return options;
}

/**
 * The newest container of that name, or with `previous` the one before it. An empty name is the pod's only container.
 * Throws NotFound or BadRequest in kubelet's words.
 */
export function containerOf(sandboxes: Sandbox[], target: { pod: string; container: string }, previous: boolean) {
  const all = sandboxes.flatMap((sandbox) => sandbox.containers);
  const names = [...new Set(all.map((container) => container.name))];
  const name = target.container === '' && names.length === 1 ? names[0]! : target.container;
  if (name === '') throw badRequest(`a container name must be specified for pod ${target.pod}`);
  const attempts = all.filter((container) => container.name === name);
  const newest: Container[] = attempts.sort((a, b) => b.createdAtMs - a.createdAtMs);
  if (newest.length === 0)
    throw badRequest(`container "${name}" in pod "${target.pod}" is not available: it has not been created yet`);
  const found = newest[previous ? 1 : 0];
  if (found === undefined) throw badRequest(`previous terminated container "${name}" in pod "${target.pod}" not found`);
  return found;
}

/** The sandbox that is up, newest first. */
export function sandboxOf(sandboxes: Sandbox[], pod: string): Sandbox {
  const ready = sandboxes.filter((sandbox) => sandbox.ready).sort((a, b) => b.createdAtMs - a.createdAtMs)[0];
  if (ready === undefined) throw notFound({ group: '', resource: 'pods', name: pod });
  return ready;
}
