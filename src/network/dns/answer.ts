import {
  type DnsRecord,
  decodeQuery,
  encodeReply,
  MalformedMessage,
  type Query,
  type Reply,
  rcodes,
  types,
  udpLimitOf,
} from './message.ts';
import { type DnsSource, lookUp, ttlSeconds } from './records.ts';
import type { Upstream } from './upstream.ts';

export type AnswerOptions = {
  domain: string;
  source: DnsSource;
  upstream: Upstream;
  /**
   * May this client have names of the outside looked up? An island may not: names of one's own making carry data out
   * through any resolver.
   */
  mayForward(clientAddress: string): boolean;
};

const udpBytesMax = 65_535;
/** RFC 8914 "Prohibited". */
const prohibited = { code: 18, text: 'this namespace has no egress to the outside: see rempart.io/isolation' };

/** The packet that answers `packet`; undefined when it deserves none. Never rejects. */
export async function answer(
  packet: Buffer,
  client: string,
  tcp: boolean,
  options: AnswerOptions,
): Promise<Buffer | undefined> {
  let query: Query;
  try {
    query = decodeQuery(packet);
  } catch (error) {
    if (!(error instanceof MalformedMessage)) throw error;
    return formatError(packet);
  }
  const bytesMax = tcp ? udpBytesMax : udpLimitOf(query);
  if (query.opcode !== 0) return encodeReply(query, plain(rcodes.NOTIMP), bytesMax);
  if (query.question.class !== 1) return encodeReply(query, plain(rcodes.REFUSED), bytesMax);
  try {
    return await resolve(query, client, tcp, bytesMax, options);
  } catch {
    return encodeReply(query, plain(rcodes.SERVFAIL), bytesMax);
  }
}

const plain = (rcode: number): Reply => ({ rcode, authoritative: false, answers: [], authority: [] });

/** Answers to answers would let two servers talk for ever; what is too short has no id to answer. */
function formatError(packet: Buffer): Buffer | undefined {
  if (packet.length < 12 || (packet[2]! & 0x80) !== 0) return undefined;
  const header = Buffer.alloc(12);
  header.writeUInt16BE(packet.readUInt16BE(0), 0);
  header.writeUInt16BE(0x8000 | rcodes.FORMERR, 2);
  return header;
}

const typeNames = new Map<number, string>(Object.entries(types).map(([name, number]) => [number, name]));

async function resolve(
  query: Query,
  client: string,
  tcp: boolean,
  bytesMax: number,
  options: AnswerOptions,
): Promise<Buffer> {
  const { question } = query;
  const { domain, source } = options;
  const found = lookUp(source, domain, question.name, typeNames.get(question.type) ?? '');
  if (found.result === 'foreign') return forward(query, client, tcp, bytesMax, options);
  if (found.result === 'missing') return encodeReply(query, negative(rcodes.NXDOMAIN, domain), bytesMax);
  const own = found.result === 'alias' ? await follow(query, client, tcp, found, options) : found.records;
  if (own.length === 0) return encodeReply(query, negative(rcodes.NOERROR, domain), bytesMax);
  const additional = found.result === 'found' ? (found.additional ?? []) : [];
  return encodeReply(
    query,
    { rcode: rcodes.NOERROR, authoritative: true, answers: own, authority: [], additional },
    bytesMax,
  );
}

/** NXDOMAIN and NODATA both carry the SOA, so that clients remember them for as long as names here live. */
const negative = (rcode: number, domain: string): Reply => ({
  rcode,
  authoritative: true,
  answers: [],
  authority: [{ name: domain, type: 'SOA', ttlSeconds, server: `ns.dns.${domain}`, negativeTtlSeconds: ttlSeconds }],
});

async function forward(query: Query, client: string, tcp: boolean, bytesMax: number, options: AnswerOptions) {
  if (!options.mayForward(client)) return encodeReply(query, { ...plain(rcodes.REFUSED), error: prohibited }, bytesMax);
  const { packet } = await options.upstream.ask(query.question, query.id, { tcp, client });
  if (packet.length <= bytesMax) return packet;
  return encodeReply(query, plain(rcodes.NOERROR), 0);
}

/** An ExternalName: its CNAME, and the addresses behind it as far as this client may know them. */
async function follow(
  { id, question }: Query,
  client: string,
  tcp: boolean,
  alias: { records: DnsRecord[]; target: string },
  { domain, source, upstream, mayForward }: AnswerOptions,
): Promise<DnsRecord[]> {
  const target = alias.target.toLowerCase().replace(/\.$/, '');
  const records = alias.records.map((record) => ({ ...record, target }) as DnsRecord);
  const type = typeNames.get(question.type) ?? '';
  if (type !== 'A' && type !== 'AAAA') return records;
  // One step only: an alias of an alias is given as it is, so that aliases cannot go in circles.
  const inside = lookUp(source, domain, target, type);
  if (inside.result === 'found' || inside.result === 'alias') return [...records, ...inside.records];
  if (inside.result === 'missing' || !mayForward(client)) return records;
  const { answer } = await upstream.ask({ ...question, name: target }, id, { tcp, client });
  return [...records, ...answer.addresses.map((address) => ({ ...address, name: target }))];
}
