import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Kind } from '../api/kind.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Engine } from '../store/store.ts';
import type { Extensions, Services } from './context.ts';
import type { Defences, Lookup } from './contracts.ts';
import { serve } from './http/incoming.ts';
import { type Doors, type Handlers, type Listen, openDoors, type Tls } from './http/listener.ts';
import { oncePerTurn } from './http/turn.ts';
import { createInProcess, type InProcess } from './in-process.ts';
import { createKinds, type Kinds } from './kinds.ts';
import { type Bounds, createLimits, defaultBounds } from './limits.ts';
import { createLookup } from './lookup.ts';
import { createMetrics } from './metrics.ts';
import { defaultServiceRanges, type ServiceRanges, serviceAddresses } from './services/addresses.ts';
import { createStorage } from './storage/storage.ts';
import { createWatchHub } from './storage/watch-hub.ts';

export { createAudit } from './audit/audit.ts';
export { type AuditVerdict, verifyAudit } from './audit/verify.ts';
export type { Extensions } from './context.ts';
export type { AdmissionPlugin, AdmissionRequest, Audit, AuditEvent, Authorizer, Lookup } from './contracts.ts';
export { createDefences, type DefenceSettings } from './defences.ts';
export type { Listen } from './http/listener.ts';
export { stamp } from './storage/codec.ts';
export { type Usage, usageKinds } from './usage.ts';
export { type VirtualKind, type VirtualRequest, virtualKind } from './virtual.ts';

export type ServerOptions = {
  /** Opened with `stamp` of this room. */
  engine: Engine;
  kinds: Kind[];
  /** Made with the server's own reads, as RBAC and admission look objects up. */
  defences: Defences | ((lookup: Lookup) => Defences);
  /** Such as `v1.36.0+rempart`. */
  version: string;
  clock: Clock;
  log: Log;
  extensions?: Extensions;
  bounds?: Bounds;
  serviceRanges?: ServiceRanges;
};

export type Server = InProcess & {
  /** Opens the doors to the network; rejects when an address is taken or not ours. */
  listen(listeners: Listen[], tls: Tls): Promise<{ host: string; port: number }[]>;
  /** New connections use the new certificates; open ones keep theirs. */
  setTls(tls: Tls): void;
  lookup: Lookup;
  kinds: Kinds;
  extensions: Extensions;
  /** Closes the doors and ends watches; the engine stays its owner's. */
  close(graceMs?: number): Promise<void>;
};

/** The front door of the cluster: one pipeline (pipeline.ts), reached over TLS and from within the process. */
export function createServer(options: ServerOptions): Server {
  const { engine, clock, log, version, extensions = {} } = options;
  const lookup = createLookup(engine);
  const given = typeof options.defences === 'function' ? options.defences(lookup) : options.defences;
  const allocator = serviceAddresses(lookup, options.serviceRanges ?? defaultServiceRanges, () => clock.now());
  const defences = { ...given, admission: [...given.admission, allocator] };
  const hub = createWatchHub(engine);
  const kinds = createKinds([...options.kinds, ...(extensions.virtualKinds ?? []).map(({ kind }) => kind)]);
  const limits = createLimits(options.bounds ?? defaultBounds);
  let doors: Doors | undefined;
  const services: Services = {
    ...{ kinds, storage: createStorage(engine), hub, lookup, defences, clock, log, version, extensions },
    metrics: createMetrics(),
    load: () => ({ ...limits.inFlight(), connections: doors?.connections() ?? 0 }),
  };
  const inProcess = createInProcess(services, limits);
  const report = (error: unknown) => log.error('a connection failed', { error });
  return {
    call: inProcess.call,
    stream: inProcess.stream,
    ...{ lookup, kinds, extensions },
    async listen(listeners, tls) {
      if (doors !== undefined) throw new Error('the server listens already');
      const begin = oncePerTurn(({ request, response }: { request: IncomingMessage; response: ServerResponse }) => {
        serve(services, limits, request, response).catch(report);
      });
      const handlers: Handlers = {
        allow: defences.allowConnection,
        request: (request, response) => begin({ request, response }),
        upgrade: (request, socket, head) =>
          void serve(services, limits, request, undefined, { socket, head }).catch(report),
      };
      doors = await openDoors(listeners, tls, handlers, log);
      return doors.addresses();
    },
    setTls: (tls) => doors?.setTls(tls),
    async close(graceMs) {
      inProcess.endStreams();
      await doors?.close(graceMs);
      hub.close();
    },
  };
}
