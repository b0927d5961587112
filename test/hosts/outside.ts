import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { run } from './cluster.ts';

/** A machine beside this one: a network namespace of its own behind a cable, with a server on every address. */
export type Outside = {
  address: string;
  port: number;
  /** This machine's end of the cable. */
  gateway: string;
  /** What a TLS client there gets to see of a server: its protocol; empty when there was no handshake. */
  greeting(address: string, port: number): Promise<string>;
  remove(): Promise<void>;
};

const port = 18_998;
const greet = `
  const [host, port] = process.argv.slice(1);
  const socket = require('tls').connect({ host, port, rejectUnauthorized: false }, () => {
    process.stdout.write(socket.getProtocol());
    process.exit();
  });
  socket.on('error', () => process.exit());
  setTimeout(() => process.exit(), 2000);
`;

/** `prefix` are the first three numbers of a /24 that nobody else uses, e.g. `10.99.206`. */
export async function startOutside(prefix: string): Promise<Outside> {
  const name = `out${prefix.split('.').slice(1).join('-')}`;
  const [here, there] = [`${name}h`, `${name}t`];
  const [gateway, address] = [`${prefix}.1`, `${prefix}.2`];
  await remove();
  for (const line of [
    `netns add ${name}`,
    `link add ${here} type veth peer name ${there} netns ${name}`,
    `addr add ${gateway}/24 dev ${here}`,
    `link set ${here} up`,
    `-n ${name} addr add ${address}/24 dev ${there}`,
    `-n ${name} link set ${there} up`,
    `-n ${name} route add default via ${gateway}`,
  ]) {
    const { code, stderr } = await run('ip', line.split(' '));
    if (code !== 0) throw new Error(`ip ${line}: ${stderr}`);
  }
  const script = `require('net').createServer((s) => s.on('error', () => {}).end('outside')).listen(${port}, () => console.log('up'))`;
  const server = inside(process.execPath, '-e', script);
  await new Promise((resolve) => server.stdout!.once('data', resolve));

  function inside(...words: string[]): ChildProcess {
    return spawn('ip', ['netns', 'exec', name, ...words]);
  }
  /** A namespace takes its end of a cable with it, and the cable goes with one end. */
  async function remove(): Promise<void> {
    await run('ip', ['netns', 'delete', name]);
    await run('ip', ['link', 'delete', here]);
  }
  return {
    ...{ address, port, gateway },
    async greeting(to, at) {
      const client = inside(process.execPath, '-e', greet, to, String(at));
      let said = '';
      client.stdout!.on('data', (text) => {
        said += text;
      });
      await once(client, 'close');
      return said;
    },
    async remove() {
      server.kill();
      await remove();
    },
  };
}
