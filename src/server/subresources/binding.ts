import type { KubernetesObject } from '../../api/object.ts';
import { badRequest, conflict } from '../../api/status.ts';
import { formatTime } from '../../foundation/clock.ts';
import { readBody } from '../body.ts';
import { type Context, type Reply, valueReply } from '../context.ts';
import { decodeAs } from '../verbs/decode.ts';
import { admit } from '../verbs/prepare.ts';

/** POST pods/NAME/binding: the scheduler's decision, made once. */
export async function bind(context: Context): Promise<Reply> {
  const { kind, storage, target, clock, dryRun } = context;
  const binding = await decodeAs<KubernetesObject>(context.request, 'io.k8s.api.core.v1.Binding');
  const targetKind = binding['target']?.kind ?? '';
  if (targetKind !== '' && targetKind !== 'Node')
    throw badRequest(
      `target.kind: Unsupported value: ${JSON.stringify(targetKind)}: supported values: "Node", "<empty>"`,
    );
  const nodeName = binding['target']?.name;
  if (!nodeName) throw badRequest('target.name: Required value: the node to bind to');
  if (binding.metadata?.name !== undefined && binding.metadata.name !== target.name)
    throw badRequest(
      `the name of the binding (${binding.metadata.name}) does not match the pod on the URL (${target.name})`,
    );
  await admit(context, 'CREATE', { object: binding, name: target.name });
  const subject = { group: '', resource: 'pods/binding', name: target.name };
  await storage.update(
    kind,
    target.namespace,
    target.name,
    (pod) => {
      if (binding.metadata?.uid && binding.metadata.uid !== pod.metadata.uid)
        throw conflict(subject, `the pod has the uid ${pod.metadata.uid}, not ${binding.metadata.uid}`);
      if (pod.metadata.deletionTimestamp !== undefined)
        throw conflict(subject, `pod ${target.name} is being deleted, cannot be assigned to a host`);
      if (pod['spec'].nodeName)
        throw conflict(subject, `pod ${target.name} is already assigned to node "${pod['spec'].nodeName}"`);
      if ((pod['spec'].schedulingGates ?? []).length > 0)
        throw conflict(subject, `pod ${target.name} has non-empty .spec.schedulingGates`);
      return { object: bound(pod, nodeName, binding, formatTime(clock.now())), action: 'store' };
    },
    dryRun,
  );
  return valueReply({ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' }, 201);
}

/** Everything but where it runs is shared with the pod of before: thousands are bound at once. */
function bound(pod: KubernetesObject, nodeName: string, binding: KubernetesObject, time: string) {
  const annotations = { ...pod.metadata.annotations, ...binding.metadata?.annotations };
  return {
    ...pod,
    metadata: { ...pod.metadata, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
    spec: { ...pod['spec'], nodeName },
    status: { ...pod['status'], conditions: scheduled(pod, time) },
  };
}

function scheduled(pod: KubernetesObject, time: string): object[] {
  const others = (pod['status']?.conditions ?? []).filter(({ type }: { type: string }) => type !== 'PodScheduled');
  return [...others, { type: 'PodScheduled', status: 'True', lastProbeTime: null, lastTransitionTime: time }];
}

/** POST bindings: the same with the pod's name in the body. */
export async function createBinding(context: Context): Promise<Reply> {
  const { value } = await readBody(context.request);
  const name = (value as KubernetesObject | undefined)?.metadata?.name;
  const kind = context.kinds.find('', 'v1', 'pods');
  if (typeof name !== 'string' || kind === undefined)
    throw badRequest('metadata.name: Required value: the pod to bind');
  const target = { ...context.target, resource: 'pods', name, subresource: 'binding' };
  return bind({ ...context, kind, target, request: { ...context.request, decodedBody: value } });
}
