import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../foundation/clock.ts';
import { UsageError } from '../foundation/usage-error.ts';
import { createSealingKey, openKeyFile, writeKeyFile } from '../store/store.ts';
import { rotateServiceAccountKeys } from './certificates/service-account-keys.ts';
import { type Configuration, layout, readConfiguration } from './configuration.ts';
import { withLock } from './lock.ts';
import { runningProgram, runningSupervisor } from './processes/running.ts';
import { modeOf } from './protections/protections.ts';
import { readRecord, wantedRecord } from './server/secret-sealing.ts';
import type { Steps } from './up.ts';

const settledTimeoutMs = 120_000;
const dayMs = 24 * 3600 * 1000;

/** `forgotten`: no secret on disk needs an older key any more. `tokens`: ServiceAccount tokens have a new key, too. */
export type Rotation = { forgotten: boolean; tokens: boolean };

/**
 * Gives secrets on disk and ServiceAccount tokens new keys. The running server seals every secret again; then the keys
 * of before are forgotten. When the server does not run, that happens at the next `up`, and so it does after a crash
 * anywhere in between: no key is forgotten while something needs it. Tokens that were given out stay good.
 */
export async function rotateKeys(dataDirectory: string, steps: Steps): Promise<Rotation> {
  const configuration = readConfiguration(dataDirectory);
  if (!configuration) throw new UsageError(`There is no cluster in ${dataDirectory}. Start one with: rempart up`);
  if (process.getuid?.() !== 0)
    throw new UsageError('The keys of a cluster are not for everybody: run this as root (sudo rempart rotate-keys).');
  return withLock(configuration, async () => {
    steps.step('Making new keys');
    const tokens = asServer(configuration, () => makeKeys(configuration));
    if (runningSupervisor('server', configuration) === undefined) return { forgotten: false, tokens };
    steps.step('Sealing every secret again');
    await untilSettled(configuration);
    return { forgotten: forgetOldKeys(configuration), tokens };
  });
}

/** What the server's process has to read is made as its user: there is no moment when it could not. */
function asServer<Result>({ serverUid }: Configuration, run: () => Result): Result {
  process.setegid!(serverUid);
  process.seteuid!(serverUid);
  try {
    return run();
  } finally {
    process.seteuid!(0);
    process.setegid!(0);
  }
}

function makeKeys(configuration: Configuration): boolean {
  const { encryptionKeys, pki } = layout(configuration);
  writeKeyFile(encryptionKeys, [createSealingKey(), ...openKeyFile(encryptionKeys)]);
  const tokens = mayRotateTokens(pki, systemClock.now());
  if (tokens) rotateServiceAccountKeys(pki, systemClock);
  return tokens;
}

/** Three keys are kept: the oldest goes only when the tokens that it signed, a day at most, have ended. */
export function mayRotateTokens(directory: string, nowMs: number): boolean {
  const madeMs = readdirSync(directory)
    .flatMap((name) => /^service-account-(\d{16})\.key$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((one, other) => other - one);
  return madeMs[2] === undefined || nowMs - madeMs[1]! > dayMs;
}

/** Tells the server that there are new keys, again when it had to start anew, until it says that all is sealed. */
async function untilSettled(configuration: Configuration): Promise<void> {
  const deadline = performance.now() + settledTimeoutMs;
  let told: number | undefined;
  while (!isSettled(configuration)) {
    if (performance.now() > deadline)
      throw new UsageError(
        `The API server has not sealed every secret again within ${settledTimeoutMs / 1000} s; see the log in ` +
          `${layout(configuration).serverLogs}. It goes on by itself; the old keys are kept until then.`,
      );
    const pid = runningProgram('server', configuration);
    if (pid !== undefined && pid !== told) process.kill(pid, 'SIGHUP');
    told = pid;
    await delay(50);
  }
}

function isSettled(configuration: Configuration): boolean {
  const { encryptionKeys, sealedWith } = layout(configuration);
  const encrypt = modeOf('secret-encryption', configuration.relaxed) !== 'off';
  return readRecord(sealedWith) === wantedRecord(openKeyFile(encryptionKeys), encrypt);
}

/** Leaves only the newest key when no secret on disk needs another. True: it is the only one now. */
export function forgetOldKeys(configuration: Configuration): boolean {
  if (!isSettled(configuration)) return false;
  const { encryptionKeys } = layout(configuration);
  const [newest, ...older] = openKeyFile(encryptionKeys);
  if (older.length > 0) asServer(configuration, () => writeKeyFile(encryptionKeys, [newest]));
  return true;
}
