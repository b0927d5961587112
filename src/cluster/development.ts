import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createCaches } from '../client/cache.ts';
import { inProcessClient } from '../client/in-process.ts';
import { systemClock } from '../foundation/clock.ts';
import { createLog } from '../foundation/log.ts';
import { createFleet } from '../node/node.ts';
import { stamp } from '../server/server.ts';
import { openEngine } from '../store/store.ts';
import { openAuthority } from './certificates/authority.ts';
import { identities } from './certificates/identities.ts';
import { checkKubeconfig, writeKubeconfig } from './certificates/kubeconfig.ts';
import { readServiceAccountKeys } from './certificates/service-account-keys.ts';
import { startControlPlane } from './control-plane/control-plane.ts';
import { createKeeper } from './observations/keeper.ts';
import { modeOf } from './protections/protections.ts';
import { createAllowList } from './server/allow-list.ts';

const clock = systemClock;
const lacking = { audit: 'off', 'secret-encryption': 'off', 'unprivileged-api-server': 'off' };

/**
 * The control plane as it is, on the memory engine, with simulated nodes; ends with the process and leaves nothing.
 * What it lacks for that: an audit log, and anything that is encrypted, as nothing is kept.
 */
export async function runDevelopment(options: {
  nodes: number;
  port: number;
  kubeconfig: string;
}): Promise<{ url: string }> {
  await checkKubeconfig(resolve(options.kubeconfig));
  const log = createLog('dev', 'warn');
  const keys = mkdtempSync(join(tmpdir(), 'rempart-dev-'));
  chmodSync(keys, 0o700);
  process.once('exit', () => rmSync(keys, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(0));

  const authority = openAuthority(keys, clock);
  const tokenKeys = readServiceAccountKeys(keys, clock);
  const plane = await startControlPlane({
    engine: await openEngine({ engine: 'memory', stamp, clock }),
    ...{
      authority,
      serving: authority.issue(identities.apiServer(['127.0.0.1'])),
      clock,
      log,
      volumesDirectory: '/tmp',
    },
    listeners: [{ host: '127.0.0.1', port: options.port }],
    defences: {
      audit: { ready() {}, record() {} },
      allowConnection: createAllowList(['127.0.0.0/8']),
      tokenKeys: () => tokenKeys,
    },
    keeper: createKeeper({ clock, log }),
    configuredMode: (id) => modeOf(id, lacking),
    podCIDR: '10.244.0.0/16',
    serviceCIDR: '10.96.0.0/16',
    addresses: {
      apiServiceAddress: '10.96.0.1',
      dnsServiceAddress: '10.96.0.10',
      gatewayAddress: '10.244.0.1',
    },
  });
  await plane.started;
  const url = `https://127.0.0.1:${plane.addresses[0]!.port}`;
  const credential = authority.issue(identities.admin());
  await writeKubeconfig(resolve(options.kubeconfig), {
    name: 'rempart-dev',
    server: url,
    authority: authority.certificate,
    credential,
  });
  const client = inProcessClient(plane.server, 'system:apiserver', ['system:masters']);
  const fleet = createFleet({ client, caches: createCaches(client, { clock, log }), nodes: options.nodes, clock, log });
  await fleet.start();
  return { url };
}
