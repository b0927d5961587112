import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Clock } from '../../foundation/clock.ts';
import { createAllowance } from '../allowance.ts';
import { encodeName, type Question } from './message.ts';
import { aged, readAnswer, type UpstreamAnswer } from './upstream-answer.ts';

export type UpstreamServer = { address: string; port: number };
export type Upstream = {
  /** The raw answer for this client's id. Rejects when no server answers, or too many questions are open. */
  ask(
    question: Question,
    id: number,
    options: { tcp: boolean; client: string },
  ): Promise<{ packet: Buffer; answer: UpstreamAnswer }>;
};

const attemptMs = 2000;
const attemptsPerServer = 2;
const openMax = 512;
/** So that one pod cannot use up what all share. */
const openPerClientMax = 64;
/** Each is a connection of the node's for half a minute, in a table that one pod must not fill for all. */
export const perClientSecondMax = 200;
/** Of more, all begin anew. */
const clientsMax = 1024;
const keptMax = 2000;
/** Together 8 MB at most; larger answers are rare, and asked for again. */
const keptBytesMax = 4096;
const packetBytesMax = 65_535;

type Kept = { packet: Buffer; answer: UpstreamAnswer; atMs: number };

/** Asks the servers in turn; keeps answers for as long as they say, within bounds. */
export function createUpstream(servers: () => UpstreamServer[], clock: Clock): Upstream {
  const kept = new Map<string, Kept>();
  const open = new Map<string, number>();
  const allowances = new Map<string, () => boolean>();
  let openCount = 0;

  function fromCache(key: string): Kept | undefined {
    const entry = kept.get(key);
    if (entry === undefined) return undefined;
    if (clock.monotonicMs() - entry.atMs < entry.answer.ttlSeconds * 1000) return entry;
    kept.delete(key);
    return undefined;
  }

  function keep(key: string, entry: Kept): void {
    if (entry.answer.ttlSeconds === 0 || entry.packet.length > keptBytesMax) return;
    if (kept.size >= keptMax) kept.delete(kept.keys().next().value!);
    kept.set(key, entry);
  }

  function mayAsk(client: string): boolean {
    if (allowances.size >= clientsMax && !allowances.has(client)) allowances.clear();
    const may = allowances.get(client) ?? createAllowance(clock, perClientSecondMax, 1000);
    allowances.set(client, may);
    return may();
  }

  async function fetch(question: Question, tcp: boolean): Promise<Kept> {
    const attempts = Array.from({ length: attemptsPerServer }, () => servers()).flat();
    let last: unknown = new Error('no upstream DNS server is configured');
    for (const server of attempts) {
      try {
        const packet = await (tcp ? askTcp : askUdp)(server, question);
        // A copy: over TCP it lies in all that was received.
        return { packet: Buffer.from(packet), answer: readAnswer(packet), atMs: clock.monotonicMs() };
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  return {
    async ask(question, id, { tcp, client }) {
      const key = `${tcp ? 'tcp' : 'udp'} ${question.type} ${question.class} ${question.name}`;
      const entry = fromCache(key);
      if (entry !== undefined) return answerFrom(entry, id);
      const clientOpen = open.get(client) ?? 0;
      if (openCount >= openMax || clientOpen >= openPerClientMax) throw new Error('too many DNS questions are open');
      if (!mayAsk(client)) throw new Error(`more than ${perClientSecondMax} DNS questions a second`);
      openCount++;
      open.set(client, clientOpen + 1);
      try {
        const fresh = await fetch(question, tcp);
        keep(key, fresh);
        return answerFrom(fresh, id);
      } finally {
        openCount--;
        const left = (open.get(client) ?? 1) - 1;
        if (left > 0) open.set(client, left);
        else open.delete(client);
      }
    },
  };

  function answerFrom({ packet, answer, atMs }: Kept, id: number) {
    const ageSeconds = Math.floor((clock.monotonicMs() - atMs) / 1000);
    return { packet: aged(packet, answer.ttlOffsets, id, ageSeconds), answer };
  }
}

/** A question of our own: nothing that a client put into its packet travels on. */
function encodeQuestion(id: number, { name, type, class: questionClass }: Question): Buffer {
  const header = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
  const tail = Buffer.from([type >> 8, type & 255, questionClass >> 8, questionClass & 255]);
  const edns = Buffer.from([0, 0, 41, 1232 >> 8, 1232 & 255, 0, 0, 0, 0, 0, 0]);
  return Buffer.concat([header, encodeName(name), tail, edns]);
}

/** Is this the answer to what was asked? Ids and ports are random, and the question must come back. */
function answers(packet: Buffer, id: number, question: Question): boolean {
  if (packet.length < 12 || packet.readUInt16BE(0) !== id) return false;
  try {
    const { question: answered } = readAnswer(packet);
    return answered.name === question.name && answered.type === question.type;
  } catch {
    return false;
  }
}

function askUdp({ address, port }: UpstreamServer, question: Question): Promise<Buffer> {
  const id = randomInt(65_536);
  const socket = createSocket('udp4');
  return new Promise<Buffer>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${address} did not answer`)), attemptMs);
    socket.on('error', reject);
    socket.on('message', (packet) => {
      if (!answers(packet, id, question)) return;
      clearTimeout(timer);
      resolve(packet);
    });
    // The callback of connect is handed its failure, which the types do not say.
    socket.connect(port, address, (error?: Error) =>
      error ? reject(error) : socket.send(encodeQuestion(id, question)),
    );
  }).finally(() => socket.close());
}

function askTcp({ address, port }: UpstreamServer, question: Question): Promise<Buffer> {
  const id = randomInt(65_536);
  const socket = connect(port, address);
  return new Promise<Buffer>((resolve, reject) => {
    let received = Buffer.alloc(0);
    socket.setTimeout(attemptMs, () => reject(new Error(`${address} did not answer`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`${address} closed the connection`)));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      if (received.length > 2 + packetBytesMax) return reject(new Error(`${address} sent too much`));
      const packet = received.subarray(2, 2 + received.readUInt16BE(0));
      if (answers(packet, id, question)) resolve(packet);
      else reject(new Error(`${address} answered another question`));
    });
    socket.on('connect', () => {
      const packet = encodeQuestion(id, question);
      socket.write(Buffer.concat([Buffer.from([packet.length >> 8, packet.length & 255]), packet]));
    });
  }).finally(() => socket.destroy());
}
