import type { DescMessage, DescMethod, MessageInitShape } from '@bufbuild/protobuf';
import { create, createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Client, type ClientReadableStream, credentials, type ServiceError, status } from '@grpc/grpc-js';
import type { Calls } from './protocol/calls.ts';
import { descriptors } from './protocol/descriptors.ts';
import type { Envelope } from './protocol/messages.ts';

/** What may be left out of a message: everything, at any depth. */
export type Draft<T> = T extends Uint8Array | bigint | string | number | boolean
  ? T
  : T extends (infer Item)[]
    ? Draft<Item>[]
    : { [Key in keyof T]?: Draft<T[Key]> };

/** A gRPC connection to containerd's socket: CRI calls by name, and containerd's event stream. */
export type Connection = {
  /** Rejects with RuntimeError; `deadlineMs` is how long the call may take. */
  call<Name extends keyof Calls>(
    name: Name,
    request: Draft<Calls[Name]['request']>,
    deadlineMs?: number,
  ): Promise<Calls[Name]['response']>;
  /** Ends with one `onEnd`, whatever the cause. Returns what cancels. */
  subscribe(filters: string[], onEvent: (event: Envelope) => void, onEnd: (cause: Error) => void): () => void;
  close(): void;
};

/** A refusal of the runtime; `code` is gRPC's (5 not found, 4 deadline, 14 not reachable …). */
class RuntimeError extends Error {
  readonly code: number;
  constructor(call: string, cause: ServiceError) {
    super(`${call}: ${cause.details || cause.message}`, { cause });
    this.code = cause.code;
  }
}

export const isNotFound = (error: unknown) => error instanceof RuntimeError && error.code === status.NOT_FOUND;
export const isTimeout = (error: unknown) => error instanceof RuntimeError && error.code === status.DEADLINE_EXCEEDED;

const messageBytesMax = 16 * 2 ** 20;
const deadlineMsDefault = 120_000;
/** Reconnects within about 0.2 s of a restart; gRPC's own defaults take a second. */
const channelOptions = {
  'grpc.max_receive_message_length': messageBytesMax,
  'grpc.max_send_message_length': messageBytesMax,
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.min_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.enable_http_proxy': 0,
};

const methods = new Map<string, DescMethod>();
const schemas = new Map<string, DescMessage>();

/** Decoded once, when the first call is made. */
function decodeDescriptors(): void {
  if (methods.size > 0) return;
  const set = fromBinary(FileDescriptorSetSchema, Buffer.from(descriptors, 'base64'));
  for (const file of createFileRegistry(set).files) {
    for (const message of file.messages) schemas.set(message.name, message);
    for (const service of file.services) for (const method of service.methods) methods.set(method.name, method);
  }
}

function methodNamed(name: string): DescMethod {
  decodeDescriptors();
  return methods.get(name)!;
}

/** The schema of a message that travels inside another one, as an event's payload does. */
export function schemaNamed(name: string): DescMessage {
  decodeDescriptors();
  return schemas.get(name)!;
}

const pathOf = (method: DescMethod) => `/${method.parent.typeName}/${method.name}`;
const encoder = (method: DescMethod) => (value: object) =>
  Buffer.from(toBinary(method.input, create(method.input, value as MessageInitShape<typeof method.input>)));
const decoder = (method: DescMethod) => (bytes: Buffer) => fromBinary(method.output, bytes);

/** `socket` is the path of containerd's unix socket. Nothing is sent until the first call. */
export function connect(socket: string): Connection {
  const client = new Client(`unix://${socket}`, credentials.createInsecure(), channelOptions);
  return {
    call(name, request, deadlineMs = deadlineMsDefault) {
      const method = methodNamed(name);
      const deadline = { deadline: Date.now() + deadlineMs };
      return new Promise((resolve, reject) => {
        const settle = (error: ServiceError | null, response?: object) =>
          error ? reject(new RuntimeError(name, error)) : resolve(response as never);
        client.makeUnaryRequest(pathOf(method), encoder(method), decoder(method), request, deadline, settle);
      });
    },
    subscribe(filters, onEvent, onEnd) {
      const method = methodNamed('Subscribe');
      const open = () => client.makeServerStreamRequest(pathOf(method), encoder(method), decoder(method), { filters });
      const stream: ClientReadableStream<object> = open();
      let ended = false;
      const end = (cause: Error) => {
        if (!ended) onEnd(cause);
        ended = true;
      };
      stream.on('data', (event) => onEvent(event as Envelope));
      stream.on('error', end);
      stream.on('end', () => end(new Error('the event stream ended')));
      return () => {
        ended = true;
        stream.cancel();
      };
    },
    close: () => client.close(),
  };
}
