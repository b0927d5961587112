import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { benchPod, type PureBenchmark } from '../benchmark.ts';
import { median } from '../load.ts';

const count = 1000;
const rempart = join(import.meta.dirname, '../../bin/rempart');

/** `rempart check` of a folder of Deployments of about 2 kB each, from the start of its process. */
export const check: PureBenchmark = {
  name: 'check',
  async run({ rounds }) {
    const folder = mkdtempSync(join(tmpdir(), 'rempart-bench-check-'));
    const seconds: number[] = [];
    try {
      for (let index = 0; index < count; index++)
        writeFileSync(join(folder, `${index}.yaml`), stringify(deployment(`web-${index}`)));
      for (let round = 0; round < rounds; round++) {
        const startMs = performance.now();
        const { status, stderr } = spawnSync(rempart, ['check', folder, '--fail-on', 'critical'], {
          maxBuffer: 2 ** 26,
        });
        if (status !== 0) throw new Error(`rempart check ended with ${status}: ${stderr}`);
        seconds.push((performance.now() - startMs) / 1000);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
    return [{ what: `check of ${count} manifests`, value: median(seconds), unit: 's', target: 1, better: 'less' }];
  },
};

function deployment(name: string): object {
  const { metadata, spec } = benchPod(name, 'bench') as { metadata: object; spec: object };
  const template = { metadata: { labels: { app: name } }, spec };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { replicas: 2, selector: { matchLabels: { app: name } }, template },
  };
}
