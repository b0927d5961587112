import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Log } from '../../foundation/log.ts';
import { createSealing, type Engine, openKeyFile, type Sealing } from '../../store/store.ts';

const prefix = '/registry/secrets/';
/** What is on disk when nothing is encrypted, and while what is there changes. */
const [plain, changing] = ['plain', 'changing'];

export type SecretSealing = Sealing & {
  /** Reads the key file again: what is written from now on is sealed with its first key. */
  reload(): void;
  /** Writes what is on disk again where it is not sealed as it should be. Calls are done one after the other. */
  settle(engine: Pick<Engine, 'reseal'>): Promise<void>;
};

/**
 * How secrets lie on disk: sealed with the first key of the key file, or plain where the protection is relaxed; what
 * lies there otherwise can still be read. `recordFile` says what all of them are sealed with. It is made invalid before
 * the first value is sealed otherwise, and valid again after the last one: after a crash `settle` starts over.
 */
export function createSecretSealing(options: { keyFile: string; recordFile: string; encrypt: boolean }): SecretSealing {
  const { keyFile, recordFile, encrypt } = options;
  let { ring, sealing } = load();
  let settling: Promise<void> = Promise.resolve();

  function load() {
    const keys = openKeyFile(keyFile);
    if (readRecord(recordFile) !== wantedRecord(keys, encrypt)) writeRecord(recordFile, changing);
    return { ring: keys, sealing: createSealing(keys, [prefix], { acceptPlain: true }) };
  }

  async function settleOnce(engine: Pick<Engine, 'reseal'>): Promise<void> {
    const wanted = wantedRecord(ring, encrypt);
    if (readRecord(recordFile) === wanted) return;
    await engine.reseal(prefix);
    // Keys that came meanwhile are another call's.
    if (wanted === wantedRecord(ring, encrypt)) writeRecord(recordFile, wanted);
  }

  return {
    seal: (key, value) => (encrypt ? sealing.seal(key, value) : value),
    open: (key, sealed) => sealing.open(key, sealed),
    reload() {
      ({ ring, sealing } = load());
    },
    settle(engine) {
      settling = settling.catch(() => {}).then(() => settleOnce(engine));
      return settling;
    },
  };
}

type Ring = ReturnType<typeof openKeyFile>;

/** The record that says that every secret is as it should be. */
export const wantedRecord = ([first]: Ring, encrypt: boolean): string => (encrypt ? first.id.toString('hex') : plain);

/** What all secrets on disk are sealed with; undefined when that is not known. */
export function readRecord(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** As a whole; a record that a power cut takes back only costs another `settle`. */
function writeRecord(file: string, record: string): void {
  writeFileSync(`${file}.new`, `${record}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Settles until it succeeds: a full disk may have room later. */
export async function keepSettling(
  sealing: SecretSealing,
  engine: Pick<Engine, 'reseal'>,
  { log, again }: { log: Log; again(retry: () => void): void },
): Promise<void> {
  try {
    await sealing.settle(engine);
  } catch (error) {
    log.error('secrets on disk could not be sealed with the newest key yet', { error });
    again(() => void keepSettling(sealing, engine, { log, again }));
  }
}
