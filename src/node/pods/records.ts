import { mkdir, open, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Pod } from '../../api/schema/types.d.ts';
import type { Log } from '../../foundation/log.ts';
import type { PodVolumes } from '../volumes/volumes.ts';

/** A pod as the API last showed it, and where its volumes are mounted. */
export type PodRecord = { pod: Pod; volumes: PodVolumes };

/**
 * What an agent that starts while the API is away knows of the pods that run: one file per pod, in the pod's own
 * directory, so that it goes when the pod is released.
 */
export type Records = {
  /** Makes the record; rejects when the disk does. */
  begin(record: PodRecord): Promise<void>;
  /** Brings a record up to date some time soon; a pod without one gets none. */
  update(record: PodRecord): void;
  all(): Promise<PodRecord[]>;
};

const fileName = 'pod.json';
/** The largest object the API takes, and the paths of its volumes. */
const recordBytesMax = 4 * 2 ** 20;

export function createRecords(podsDirectory: string, log: Log): Records {
  const waiting = new Map<string, PodRecord>();
  const writing = new Set<string>();
  const directoryOf = (uid: string) => join(podsDirectory, uid);

  async function write(uid: string, { pod, volumes }: PodRecord): Promise<void> {
    const text = JSON.stringify({ pod, volumes: [...volumes] });
    const path = join(directoryOf(uid), fileName);
    // Environment variables of a pod may be secret.
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  /** The newest of the updates that came while one was written. */
  async function writeWaiting(uid: string): Promise<void> {
    if (writing.has(uid)) return;
    writing.add(uid);
    try {
      for (let record = waiting.get(uid); record !== undefined; record = waiting.get(uid)) {
        waiting.delete(uid);
        await write(uid, record);
      }
    } catch (error) {
      // Without its directory the pod has been released.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') log.warn('the record of a pod is old', { uid, error });
    } finally {
      writing.delete(uid);
    }
  }

  return {
    async begin(record) {
      const uid = record.pod.metadata.uid!;
      await mkdir(directoryOf(uid), { recursive: true });
      waiting.set(uid, record);
      await writeWaiting(uid);
    },
    update(record) {
      const uid = record.pod.metadata.uid!;
      waiting.set(uid, record);
      void writeWaiting(uid);
    },
    async all() {
      const records: PodRecord[] = [];
      for (const uid of await readdir(podsDirectory)) {
        const record = await read(join(directoryOf(uid), fileName)).catch((error) => {
          if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR')
            log.warn('the record of a pod cannot be read', { uid, error });
        });
        if (record?.pod.metadata.uid === uid) records.push(record);
      }
      return records;
    },
  };
}

async function read(path: string): Promise<PodRecord> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > recordBytesMax) throw new Error(`${path} is larger than ${recordBytesMax} bytes`);
    const { pod, volumes } = JSON.parse(await file.readFile('utf8'));
    return { pod, volumes: new Map(volumes) };
  } finally {
    await file.close();
  }
}
