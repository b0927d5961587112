import type { KubernetesObject } from '../../api/object.ts';
import { ApiError, notFound } from '../../api/status.ts';
import { type Context, type Reply, valueReply } from '../context.ts';
import { objectFor } from '../storage/codec.ts';
import { decodeAs } from '../verbs/decode.ts';
import { admit } from '../verbs/prepare.ts';

/** POST serviceaccounts/NAME/token: a TokenRequest, answered with its status and not stored. */
export async function requestToken(context: Context): Promise<Reply> {
  const { storage, kind, target, extensions, user } = context;
  const request = await decodeAs<KubernetesObject>(context.request, 'io.k8s.api.authentication.v1.TokenRequest');
  const entry = storage.get(kind, target.namespace, target.name);
  if (entry === undefined) throw notFound({ group: '', resource: 'serviceaccounts', name: target.name });
  if (extensions.issueToken === undefined) throw new ApiError('ServiceUnavailable', 'this server issues no tokens');
  await admit(context, 'CREATE', { object: request, name: target.name });
  const serviceAccount = objectFor(kind, entry);
  const issued = await extensions.issueToken({ serviceAccount, request, user });
  const { name, namespace } = serviceAccount.metadata;
  const head = { kind: 'TokenRequest', apiVersion: 'authentication.k8s.io/v1' };
  return valueReply({ ...issued, ...head, metadata: { ...issued.metadata, name, namespace } }, 201);
}
