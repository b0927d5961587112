import type { TestContext } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import { ruleAllows } from '../../api/rbac/rules.ts';
import type { Pod } from '../../api/schema/types.d.ts';
import type { Attributes } from '../../api/user.ts';
import { type Caches, createCaches } from '../../client/cache.ts';
import type { Client } from '../../client/client.ts';
import { inProcessClient } from '../../client/in-process.ts';
import { eventuallyIn } from '../../client/testing/eventually.ts';
import { type Clock, systemClock } from '../../foundation/clock.ts';
import { createLog } from '../../foundation/log.ts';
import type { Controller } from '../../reconcile/controller.ts';
import { rulesFor, usernameOf } from '../../reconcile/permissions.ts';
import { runController } from '../../reconcile/run.ts';
import { ownerReferences } from '../../server/admission/owner-references.ts';
import type { AdmissionPlugin } from '../../server/contracts.ts';
import { usageKinds } from '../../server/server.ts';
import { startServer } from '../../server/testing/start.ts';
import { nodeOf } from '../daemon-set-plan.ts';

export type TestCluster = {
  client: Client;
  caches: Caches;
  /** Resolves with the value of `find` as soon as it is neither undefined nor false. */
  eventually<T>(resource: string, find: () => T | undefined | false): Promise<T>;
  /** What pods are measured to use, by name. */
  setUsage(usage: Record<string, Record<string, string>>): void;
  /**
   * Plays scheduler and node agents: pods are placed on `node` (or the one they ask for), run and become ready; going
   * ones end at once.
   */
  playNode(node: string, options?: { ready?(pod: Pod): boolean }): void;
};

/**
 * The real server in memory with these controllers, each under its own identity and with no more rights than it
 * declares, which owner references ask for, too. Everything ends with the test.
 */
export async function startCluster(
  t: TestContext,
  controllers: Controller[],
  admission: AdmissionPlugin[] = [],
  /** Of the controllers. */
  clock: Clock = systemClock,
): Promise<TestCluster> {
  const log = createLog('test', process.env['TEST_LOG'] ?? 'silent');
  let measured: KubernetesObject[] = [];
  const usage = { nodes: async () => [], pods: async () => measured };
  const authorize = authorizer(controllers);
  const server = await startServer({
    log,
    admission: [ownerReferences(authorize), ...admission],
    extensions: { virtualKinds: usageKinds(usage) },
    defences: { authorize },
  });
  const client = inProcessClient(server, 'test-admin');
  const caches = createCaches(client, { clock: systemClock, log });
  const running = controllers.map((controller) =>
    runController(controller, {
      client: inProcessClient(server, usernameOf(controller.name)),
      caches,
      clock,
      log,
    }),
  );
  const ends: (() => void)[] = [];
  t.after(async () => {
    for (const end of ends) end();
    for (const controller of running) controller.stop();
    caches.stop();
    await server.stop();
  });
  return {
    client,
    caches,
    eventually: (resource, find) => eventuallyIn(caches(resource), find),
    setUsage(usages) {
      measured = Object.entries(usages).map(([name, usage]) => ({
        ...{ apiVersion: 'metrics.k8s.io/v1beta1', kind: 'PodMetrics', metadata: { name, namespace: 'default' } },
        containers: [{ name: 'c', usage }],
      }));
    },
    playNode: (node, options) => ends.push(playNode(client, caches, node, options?.ready ?? (() => true))),
  };
}

/** A controller may do what its declaration says and nothing else; the test itself may do everything. */
function authorizer(controllers: Controller[]) {
  const rules = new Map(controllers.map((controller) => [usernameOf(controller.name), rulesFor(controller)]));
  return (attributes: Attributes) => {
    const { user, verb, resource, subresource, nonResourcePath } = attributes;
    const own = rules.get(user.username);
    if (own === undefined || nonResourcePath !== undefined) return { allowed: true, reason: '' };
    const allowed = own.some((rule) => ruleAllows(rule, attributes));
    const target = subresource ? `${resource}/${subresource}` : resource;
    return { allowed, reason: `${user.username} may not ${verb} ${target}` };
  };
}

function playNode(client: Client, caches: Caches, node: string, ready: (pod: Pod) => boolean): () => void {
  let address = 1;
  const act = async (pod: Pod) => {
    const { name, namespace, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp) return client.delete('pods', { namespace, name }, { gracePeriodSeconds: 0 });
    if (!pod.spec!.nodeName) {
      const target = { apiVersion: 'v1', kind: 'Node', name: nodeOf(pod) ?? node };
      const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name, namespace }, target };
      return client.create('pods', binding, { subresource: 'binding', name });
    }
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return;
    const status = ready(pod) ? 'True' : 'False';
    if (pod.status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === status)) return;
    const podIP = pod.status?.podIP ?? `10.244.0.${address++}`;
    const lastTransitionTime = new Date().toISOString().replace(/\.\d+/, '');
    const conditions = [{ type: 'Ready', status, lastTransitionTime }];
    const wanted = { ...pod.status, phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions };
    await client.update('pods', { ...pod, status: wanted }, { subresource: 'status' });
  };
  return caches('pods').subscribe((type, pod) => {
    if (type !== 'DELETED') act(pod as Pod).catch(() => undefined);
  });
}
