import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { load } from 'js-yaml';
import type { Kind } from '../../api/kind.ts';
import { decodeFields } from '../../api/schema/decode.ts';
import { unfit } from '../../api/schema/misfit.ts';
import type { Pod } from '../../api/schema/types.d.ts';
import { invalid } from '../../api/status.ts';
import { invalidValue } from '../../api/validation/errors.ts';
import { dnsLabel } from '../../api/validation/names.ts';
import { kubectlSchema } from '../../api/yaml-schema.ts';
import { sourceAnnotation } from './static-pod.ts';

const fileBytesMax = 1024 * 1024;

/**
 * The pod that a file describes: named after the node too, with a uid that changes with the file. It is held to what the
 * API holds pods to, since nobody else judges it. Rejects with what is wrong.
 */
export async function readStaticPod(path: string, nodeName: string): Promise<Pod> {
  const text = await readBounded(path);
  const object = load(text, { schema: kubectlSchema, maxAliases: 100 }) as Pod | null;
  if (object?.kind !== 'Pod' || object.apiVersion !== 'v1') throw new Error('not a v1 Pod');
  // What the API knows of pods is loaded by the first file that needs it.
  const { pod: kind } = await import('../../api/kinds/pod.ts');
  const { mismatch } = decodeFields(kind.schema, object);
  if (mismatch !== undefined) throw unfit('Pod', 'v1', { mismatch });
  return accepted(kind, ofNode(object, text, nodeName));
}

function ofNode({ metadata, spec }: Pod, text: string, nodeName: string): Pod {
  const { name = '', namespace = 'default', labels } = metadata ?? {};
  const hash = createHash('sha256').update(nodeName).update(text).digest('hex').slice(0, 32);
  const annotations = { ...metadata?.annotations, [sourceAnnotation]: 'file', 'kubernetes.io/config.hash': hash };
  const tolerations = [...(spec?.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }];
  return {
    ...{ apiVersion: 'v1', kind: 'Pod', spec: { ...spec!, nodeName, tolerations } },
    metadata: {
      ...{ name: name && `${name}-${nodeName}`, namespace, uid: hash, annotations, generation: 1 },
      ...(labels ? { labels } : {}),
    },
  };
}

function accepted(kind: Kind, pod: Pod): Pod {
  kind.prepareCreate(pod);
  kind.defaults(pod);
  const errors = kind.validate(pod);
  // The API looks its namespace up; here none may exist yet, and it becomes the name of folders.
  const wrong = dnsLabel(pod.metadata.namespace!);
  if (wrong) errors.push(invalidValue('metadata.namespace', pod.metadata.namespace, wrong));
  if (errors.length > 0) throw invalid('Pod', '', pod.metadata.name, errors);
  return pod;
}

/** Not of a pipe, which waits for its other end, nor of a device, which has none. */
async function readBounded(path: string): Promise<string> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new Error('not a file');
    if (stats.size > fileBytesMax) throw new Error(`larger than ${fileBytesMax} bytes`);
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}
