import { ApiError, badRequest, notFound } from '../../api/status.ts';
import { type Context, entryReply, type Reply } from '../context.ts';
import { namespaceOf } from './update.ts';

export function get(context: Context): Reply {
  const { kind, storage, target } = context;
  const entry = storage.get(kind, namespaceOf(context), target.name);
  notInFuture(context);
  if (entry === undefined) throw notFound({ group: kind.group, resource: kind.resource, name: target.name });
  return entryReply(kind, entry);
}

/** Memory is always current, so every read is consistent; only a revision that does not exist yet can be too new. */
export function notInFuture({ target, storage }: Context): number | undefined {
  const asked = target.query.size === 0 ? null : target.query.get('resourceVersion');
  if (asked === null || asked === '') return undefined;
  if (!/^\d{1,15}$/.test(asked)) throw badRequest(`resourceVersion: Invalid value: "${asked}": must be a number`);
  const revision = Number(asked);
  const current = storage.engine.revision();
  if (revision <= current) return revision;
  const message = `Timeout: Too large resource version: ${asked}, current: ${current}`;
  throw new ApiError('Timeout', message, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}
