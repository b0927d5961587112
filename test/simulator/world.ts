import { generateKeyPairSync } from 'node:crypto';
import { kinds } from '../../src/api/api.ts';
import type { Pod } from '../../src/api/schema/types.d.ts';
import { type Cache, createCache, createCaches } from '../../src/client/cache.ts';
import { type Client, createClient } from '../../src/client/client.ts';
import { inProcessTransport } from '../../src/client/in-process.ts';
import { bootstrapObjects, reconcileBootstrapObjects } from '../../src/cluster/control-plane/bootstrap-objects.ts';
import { createControllers } from '../../src/controllers/controllers.ts';
import { type Clock, manualClock } from '../../src/foundation/clock.ts';
import { createLog } from '../../src/foundation/log.ts';
import { rolesFor, usernameOf } from '../../src/reconcile/permissions.ts';
import { runController } from '../../src/reconcile/run.ts';
import { createScheduler } from '../../src/scheduler/scheduler.ts';
import { createDefences, createServer, stamp } from '../../src/server/server.ts';
import { type Engine, openEngine, StoreFull } from '../../src/store/store.ts';
import { type Faults, faultyTransport } from './faults.ts';
import { createNode, type SimulatedNode } from './node.ts';

/** A whole cluster in one process and in virtual time, with every request of its reactors at the mercy of `faults`. */
export type World = {
  /** The wall clock can be moved: what measures durations must not care. */
  clock: Clock & { jump(milliseconds: number): void };
  admin: Client;
  nodes: SimulatedNode[];
  cache(resource: string): Cache<any>;
  /** Controllers and scheduler, all at once, as their process ends and starts. */
  restartReactors(): void;
  /** While it is full, nothing can be written. */
  disk: { full: boolean };
  /** Watches cannot resume any longer from what they saw last. */
  forgetHistory(): Promise<void>;
  /** Virtual time goes on. */
  pass(milliseconds: number): Promise<void>;
  /** What never may happen and happened. */
  outrages: string[];
  close(): Promise<void>;
};

const log = createLog('simulator', process.env['TEST_LOG'] ?? 'silent');
const stepMs = 100;
const nodeCount = 4;

export async function createWorld(faults: Faults): Promise<World> {
  const { clock, pass } = createTime();
  const engine = await openEngine({ engine: 'memory', stamp, clock });
  const disk = { full: false };
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const tokenKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const { defences, extensions } = createDefences({
    audit: { ready() {}, record() {} },
    allowConnection: () => true,
    clientAuthorities: [],
    tokenIssuer: 'https://kubernetes.default.svc.cluster.local',
    tokenKeys: () => [tokenKey],
    ...{ clock, modeOf: () => undefined, plugins: () => [] },
  });
  const serviceRanges = { cidr: '10.96.0.0/16', nodePorts: { from: 30_000, to: 32_767 } };
  const version = 'v1.36.0+rempart';
  const server = createServer({
    engine: onDisk(engine, disk),
    kinds,
    version,
    clock,
    log,
    defences,
    extensions,
    serviceRanges,
  });
  const clientOf = (username: string, groups: string[], faulty: boolean): Client => {
    const transport = inProcessTransport(server, { username, groups: [...groups, 'system:authenticated'] });
    return createClient(faulty ? faultyTransport(transport, faults, clock) : transport);
  };

  const admin = clientOf('admin', ['system:masters'], false);
  const controllersOf = () =>
    createControllers({
      ...{ authority: 'none', volumesDirectory: '/volumes', podRange: '10.244.0.0/16' },
      sign: () => 'none',
    });
  const derived = controllersOf().flatMap((controller) => Object.values(rolesFor(controller)));
  await reconcileBootstrapObjects(admin, bootstrapObjects({ clientAuthority: 'none', derived }));

  function startReactors(): () => void {
    const caches = createCaches(clientOf('system:kube-controller-manager', [], true), { clock, log });
    const running = controllersOf().map((controller) => {
      const client = clientOf(usernameOf(controller.name), ['system:serviceaccounts'], true);
      return runController(controller, { client, caches, clock, log });
    });
    const client = clientOf('system:kube-scheduler', [], true);
    const scheduler = createScheduler({ client, caches, clock, log });
    return () => {
      scheduler.stop();
      for (const controller of running) controller.stop();
      caches.stop();
    };
  }

  let stopReactors = startReactors();
  const watched = new Map<string, Cache<any>>();
  const cache = (resource: string) => {
    if (!watched.has(resource)) watched.set(resource, createCache(admin, resource, {}, { clock, log }));
    return watched.get(resource)!;
  };
  const outrages: string[] = [];
  cache('pods').subscribe((_type, pod: Pod, old: Pod | undefined) => {
    const was = old?.spec?.nodeName;
    if (was && pod.spec?.nodeName !== was)
      outrages.push(`pod ${pod.metadata.name} went from ${was} to ${pod.spec?.nodeName}`);
  });
  const nodes = Array.from({ length: nodeCount }, (_, index) =>
    createNode({ name: `node-${index}`, index, client: admin, pods: cache('pods'), clock }),
  );
  return {
    ...{ clock, admin, nodes, cache, pass, outrages, disk },
    forgetHistory: () => engine.compact(engine.revision()),
    restartReactors() {
      stopReactors();
      stopReactors = startReactors();
    },
    async close() {
      for (const node of nodes) node.stop();
      stopReactors();
      for (const each of watched.values()) each.stop();
      await server.close(0);
      await engine.close();
    },
  };
}

function onDisk(engine: Engine, disk: { full: boolean }): Engine {
  const put: Engine['put'] = async (write) => {
    if (disk.full) throw new StoreFull('simulated');
    return engine.put(write);
  };
  return { ...engine, put };
}

/** Time that moves when it is told, in steps in between which everything that can go on does. */
function createTime() {
  let offsetMs = 0;
  const steady = manualClock(Date.UTC(2026, 5, 1));
  const clock = {
    ...steady,
    now: () => steady.now() + offsetMs,
    jump(milliseconds: number) {
      offsetMs += milliseconds;
    },
  };
  async function pass(milliseconds: number): Promise<void> {
    for (const untilMs = steady.monotonicMs() + milliseconds; steady.monotonicMs() < untilMs; ) {
      steady.advance(stepMs);
      for (let turn = 0; turn < 6; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return { clock, pass };
}
