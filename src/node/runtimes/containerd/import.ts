import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const outputBytesMax = 64 * 1024;

/** Where CRI looks for images. */
const containerdNamespace = 'k8s.io';

/**
 * Imports an image tar (OCI layout or `docker save`) into the containerd behind `socket`, by containerd's own `ctr`.
 * Resolves to the names it now has. The tar is a file's path or bytes in memory. Rejects with what `ctr` said.
 */
export async function importImage(socket: string, image: string | Buffer): Promise<string[]> {
  const source = typeof image === 'string' ? createReadStream(image) : Readable.from([image]);
  const words = ['--address', socket, '--namespace', containerdNamespace, 'images', 'import', '-'];
  const program = spawn('ctr', words, { stdio: ['pipe', 'pipe', 'pipe'] });
  const said = { out: '', error: '' };
  const keep = (key: keyof typeof said) => (chunk: Buffer) => {
    said[key] = (said[key] + chunk).slice(-outputBytesMax);
  };
  program.stdout.on('data', keep('out'));
  program.stderr.on('data', keep('error'));
  const ended = new Promise<number | null>((resolve, reject) => {
    program.on('error', (cause) => reject(new Error('cannot start ctr, which comes with containerd', { cause })));
    program.on('close', resolve);
  });
  // ctr closes its input early when it refuses the archive: its own message says more than EPIPE.
  const [code, fed] = await Promise.all([ended, pipeline(source, program.stdin).catch((error: Error) => error)]);
  if (code !== 0) {
    const why = said.error.trim().split('\n').at(-1) ?? `exit code ${code}`;
    throw new Error(`cannot import the image ${typeof image === 'string' ? image : 'in memory'}: ${why}`);
  }
  if (fed instanceof Error) throw fed;
  return [...said.out.matchAll(/^unpacking (\S+) /gm)].map((match) => match[1]!);
}
