import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Container as ContainerSpec, Pod } from '../../api/schema/types.d.ts';
import type { Container } from '../runtimes/runtime.ts';
import { messageFileOf } from './own-files.ts';

const maxMessageBytes = 4096;
const maxLogBytes = 2048;
const maxLogLines = 80;

/** What an exited container says about its end: its message file, or the end of its log when the spec allows that. */
export async function terminationMessage(
  podsDirectory: string,
  pod: Pod,
  spec: ContainerSpec | undefined,
  container: Container,
): Promise<string> {
  const file = messageFileOf(podsDirectory, pod, container.name, container.attempt);
  const message = await readEnd(file, maxMessageBytes, 'start');
  if (message !== '' || spec?.terminationMessagePolicy !== 'FallbackToLogsOnError' || container.exitCode === 0)
    return message;
  const log = await readEnd(container.logPath, maxLogBytes * 4, 'end');
  const texts = log.split('\n').map((line) => line.split(' ').slice(3).join(' '));
  return texts
    .slice(-maxLogLines - 1)
    .join('\n')
    .slice(-maxLogBytes)
    .trimEnd();
}

/** The container owned the file's bytes, so it is read with a bound and never through a link. */
async function readEnd(path: string, maxBytes: number, from: 'start' | 'end'): Promise<string> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(path, flags).catch(() => undefined);
  if (handle === undefined) return '';
  try {
    const { size } = await handle.stat();
    const position = from === 'end' ? Math.max(0, size - maxBytes) : 0;
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(maxBytes), 0, maxBytes, position);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
