import assert from 'node:assert/strict';
import type { Pod } from '../../src/api/schema/types.d.ts';
import { testImageReference as image } from '../../src/node/runtimes/testing/busybox.ts';
import { eventually, type TestCluster } from './cluster.ts';

/** A script that runs until it is told to end. */
export const forever = 'trap "exit 0" TERM; while true; do sleep 0.1; done';

export const shell = (script: string, more: object = {}) => ({
  ...{ name: 'main', image, command: ['sh', '-c', script] },
  ...more,
});

export const pod = (name: string, container: object, more: object = {}) => ({
  ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, labels: { app: name } } },
  spec: { terminationGracePeriodSeconds: 1, containers: [container], ...more },
});

export const workload = (kind: string, name: string, container: object, more: object = {}) => ({
  ...{ apiVersion: 'apps/v1', kind, metadata: { name } },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { terminationGracePeriodSeconds: 1, containers: [container] },
    },
    ...more,
  },
});

/** The namespace `work` of a cluster, in which anything goes, and what a test does in it by kubectl. */
export function workbench({ kubectl, tryKubectl, upWithImage }: TestCluster) {
  const read = async <T>(words: string): Promise<T> => JSON.parse(await kubectl(`-n work get ${words} -o json`));
  const readPod = (name: string) => read<Pod>(`pod ${name}`);
  return {
    read,
    readPod,
    async start(): Promise<void> {
      await upWithImage();
      await kubectl('create namespace work');
      // Host paths and root are asked for.
      await kubectl('label namespace work pod-security.kubernetes.io/enforce=privileged');
    },
    apply: (...objects: object[]) =>
      kubectl('-n work apply -f -', { input: objects.map((object) => JSON.stringify(object)).join('\n') }),
    ready: (name: string) => kubectl(`-n work wait --for=condition=Ready pod/${name} --timeout=60s`),
    async inPod(name: string, script: string): Promise<string> {
      const exec = ['-n', 'work', 'exec', name, '-c', 'main', '--', 'sh', '-c', script];
      const { code, stdout, stderr } = await tryKubectl(exec);
      assert.equal(code, 0, `${script}: ${stderr}`);
      return stdout;
    },
    waitingFor: (name: string, reason: string) =>
      eventually(`${name} waits: ${reason}`, async () => {
        const [status] = (await readPod(name)).status?.containerStatuses ?? [];
        return status?.state?.waiting?.reason === reason;
      }),
    nodeName: async () => (await kubectl('get nodes -o jsonpath={.items[0].metadata.name}')).trim(),
  };
}
