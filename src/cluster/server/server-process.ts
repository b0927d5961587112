import { mkdirSync } from 'node:fs';
import { systemClock } from '../../foundation/clock.ts';
import { createLog, type Log } from '../../foundation/log.ts';
import { createRotatingFile } from '../../foundation/rotating-file.ts';
import { UsageError } from '../../foundation/usage-error.ts';
import { createAudit, stamp } from '../../server/server.ts';
import { openEngine } from '../../store/store.ts';
import { type CertificateAuthority, type Credential, openAuthority } from '../certificates/authority.ts';
import { identities } from '../certificates/identities.ts';
import { keepRenewed } from '../certificates/renewal.ts';
import { readServiceAccountKeys } from '../certificates/service-account-keys.ts';
import {
  apiServiceAddress,
  type Configuration,
  dnsServiceAddress,
  gatewayAddress,
  layout,
  readServerConfiguration,
} from '../configuration.ts';
import { startControlPlane } from '../control-plane/control-plane.ts';
import { createKeeper, type Keeper } from '../observations/keeper.ts';
import { logFiles } from '../places.ts';
import { configuredMode, modeOf } from '../protections/protections.ts';
import { createAllowList } from './allow-list.ts';
import { createSecretSealing, keepSettling } from './secret-sealing.ts';
import { collectStartGarbage } from './start-garbage.ts';

const clock = systemClock;
const retryMs = 60_000;

/** The API server's process: everything durable of the cluster, and who may reach it. Runs until SIGTERM. */
export async function runServer(dataDirectory: string): Promise<void> {
  const configuration = readServerConfiguration(dataDirectory);
  if (!configuration) throw new UsageError(`There is no cluster in ${dataDirectory}. Start one with: rempart up`);
  const log = createLog('server', 'info', createRotatingFile(logFiles('server', configuration).log));
  try {
    await serve(configuration, log);
  } catch (error) {
    log.error('the API server cannot run', { error });
    process.exit(1);
  }
}

async function serve(configuration: Configuration, log: Log): Promise<void> {
  const { pki, store, audit: auditDirectory, volumes } = layout(configuration);
  const sealing = sealingOf(configuration);
  const authority = openAuthority(pki, clock);
  const { seal, open } = sealing;
  const engine = await openEngine({ engine: 'sqlite', path: store, stamp, clock, seal, open });
  // The store's worker runs; whoever could start another would be free of the permission model (decision 3).
  process.permission?.drop?.('worker');
  const audit = openAudit(configuration, auditDirectory, log);
  const keeper = openKeeper(configuration, log);
  const gateway = gatewayAddress(configuration);
  let tokenKeys = readServiceAccountKeys(pki, clock);
  const settle = () => void keepSettling(sealing, engine, { log, again: (retry) => clock.after(retryMs, retry) });
  process.on('SIGHUP', () => {
    try {
      sealing.reload();
      tokenKeys = readServiceAccountKeys(pki, clock);
      log.info('the keys were read again');
    } catch (error) {
      log.error('the keys cannot be read again: those of before stay', { error });
    }
    settle();
  });
  const serving = renewed(authority, servingOptions(configuration), log);
  const toKubelet = renewed(authority, identities.apiServerToKubelet(), log);

  const plane = await startControlPlane({
    ...{ engine, authority, serving: serving.current(), clock, log, volumesDirectory: volumes },
    listeners: ['127.0.0.1', gateway, ...configuration.listen].map((host) => ({ host, port: configuration.apiPort })),
    defences: {
      audit,
      allowConnection: createAllowList(['127.0.0.0/8', configuration.podCIDR, ...configuration.allowFrom]),
      tokenKeys: () => tokenKeys,
    },
    configuredMode: (id) => configuredMode(id, configuration),
    nodeClient: () => {
      const { certificate, key } = toKubelet.current();
      return { cert: certificate, key, ca: authority.certificate };
    },
    keeper,
    podCIDR: configuration.podCIDR,
    serviceCIDR: configuration.serviceCIDR,
    addresses: {
      apiServiceAddress: apiServiceAddress(configuration),
      dnsServiceAddress: dnsServiceAddress(configuration),
      gatewayAddress: gateway,
    },
  });
  serving.onRenewed = plane.setServing;
  settle();
  collectStartGarbage(clock);
  log.info('the API server listens', { addresses: plane.addresses });
  const told = new Promise((resolve) => process.once('SIGTERM', resolve).once('SIGINT', resolve));
  try {
    await Promise.race([told, plane.started.then(() => told)]);
  } finally {
    await plane.close();
    keeper?.close();
    await engine.close();
    await audit.close();
  }
}

function servingOptions(configuration: Configuration) {
  const addresses = [
    '127.0.0.1',
    gatewayAddress(configuration),
    apiServiceAddress(configuration),
    ...configuration.listen,
  ];
  return identities.apiServer(addresses, [configuration.nodeName]);
}

type Renewed = { current(): Credential; onRenewed: ((credential: Credential) => void) | undefined };

/** Issued anew at every start, and again when two thirds of its life are over: nothing of it is kept on disk. */
function renewed(authority: CertificateAuthority, options: ReturnType<typeof identities.admin>, log: Log): Renewed {
  const result: Renewed = { current: () => renewal.current(), onRenewed: undefined };
  const renewal = keepRenewed({
    clock,
    load: () => undefined,
    issue: () => authority.issue(options),
    use: (credential) => result.onRenewed?.(credential),
    failed: (error) => log.error('a certificate could not be renewed', { error }),
  });
  return result;
}

function sealingOf(configuration: Configuration) {
  const { encryptionKeys: keyFile, sealedWith: recordFile } = layout(configuration);
  const encrypt = modeOf('secret-encryption', configuration.relaxed) !== 'off';
  return createSecretSealing({ keyFile, recordFile, encrypt });
}

function openAudit({ relaxed }: Configuration, directory: string, log: Log) {
  if (modeOf('audit', relaxed) === 'off') return { ready() {}, record() {}, close: async () => {} };
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return createAudit({ directory, clock, log });
}

function openKeeper(configuration: Configuration, log: Log): Keeper | undefined {
  if (modeOf('observations', configuration.relaxed) === 'off') return undefined;
  return createKeeper({ directory: layout(configuration).observations, clock, log });
}
