import { randomUUID } from 'node:crypto';
import { ApiError, badRequest, type Status } from '../api/status.ts';
import type { UserInfo } from '../api/user.ts';
import { inOnePiece } from '../foundation/one-piece.ts';
import { denial } from './authorization/denial.ts';
import type { Context, Reply, Services } from './context.ts';
import type { Authenticator } from './contracts.ts';
import { negotiate } from './http/negotiate.ts';
import { isStream, type Limits } from './limits.ts';
import { respondToPath } from './paths.ts';
import { createRecord, type Record } from './record.ts';
import { attributesOf, isUpgraded, readTarget, type ServerRequest, type Target } from './request.ts';
import { readDryRun } from './verbs/decode.ts';
import { verbFor } from './verbs.ts';

/** How a request ended, for whoever writes the response. `finish` tells the audit when a stream is over. */
export type Handled = {
  reply: Reply;
  warnings: string[];
  auditId: string;
  target: Target | undefined;
  finish(): void;
  /** Of a watch, which lasts up to a day: are its credential and its rights still what they were? */
  mayGoOn?(): Promise<boolean>;
};

/**
 * The way of every request, over TLS or in process. Connections were allowed and TLS was spoken before (listener.ts);
 * the response is written after (http/respond.ts).
 */
export async function handle(
  services: Services,
  limits: Limits,
  request: ServerRequest,
  identify: () => ReturnType<Authenticator>,
): Promise<Handled> {
  const record = createRecord(services, request, inOnePiece(randomUUID()));
  let leave = () => {};
  try {
    const target = readTarget(request.method, request.url);
    services.defences.audit.ready(isReading(request.method, target));
    const user = await identify();
    if (user === undefined) throw new ApiError('Unauthorized', 'Unauthorized');
    record.identified(user, target);
    leave = limits.enter(user, target);
    authorize(services, user, target, record);
    const reply = await perform(services, request, user, target, record);
    const handled = record.end(reply, leave);
    if (reply.body.form === 'watch') handled.mayGoOn = () => mayStill(services, target, identify);
    return handled;
  } catch (error) {
    return record.end(failure(services, error, request), leave);
  }
}

const plainSubresources = new Set(['', 'status', 'log', 'scale']);

/** What may wait to be recorded. A session in a container begins with GET as well; reads of secrets never wait. */
const isReading = (method: string, { resource, subresource }: Target): boolean =>
  (method === 'GET' || method === 'HEAD') && plainSubresources.has(subresource) && resource !== 'secrets';

function authorize({ defences }: Services, user: UserInfo, target: Target, record: Record): void {
  const attributes = attributesOf(user, target);
  const decision = defences.authorize(attributes);
  record.annotate('authorization.k8s.io/decision', decision.allowed ? 'allow' : 'forbid');
  record.annotate('authorization.k8s.io/reason', decision.reason);
  if (decision.allowed) return;
  throw denial(attributes, decision.reason);
}

async function mayStill({ defences }: Services, target: Target, identify: () => ReturnType<Authenticator>) {
  try {
    const user = await identify();
    return user !== undefined && defences.authorize(attributesOf(user, target)).allowed;
  } catch {
    return false;
  }
}

function perform(
  services: Services,
  request: ServerRequest,
  user: UserInfo,
  target: Target,
  record: Record,
): Reply | Promise<Reply> {
  const { warn, annotate } = record;
  // There would be no response to write an answer to, nor to end a watch with.
  if (request.connection?.upgrade !== undefined && !isUpgraded(target))
    throw badRequest(
      'only exec, attach, portforward and log of a pod upgrade a connection: ask without the header Upgrade',
    );
  if (!target.isResource) return respondToPath({ ...services, request, target, user, warn });
  const { kind, verb } = verbFor(services, request.method, target);
  // What cannot be answered as it was asked must not be done either.
  if (request.method !== 'GET' && !isStream(target)) negotiate(request.accept);
  if (kind.deprecation !== undefined) warn(kind.deprecation);
  const dryRun = target.query.size > 0 && readDryRun(target.query, target.verb);
  const context: Context = { ...services, request, target, user, kind, dryRun, warn, annotate };
  return verb(context);
}

/** Whatever was thrown, as a Status; what is not an ApiError is our own fault and told to the log, not the client. */
function failure({ log }: Services, error: unknown, { method, url }: ServerRequest): Reply {
  if (error instanceof ApiError) {
    const status: Status = error.toStatus();
    const headers: { [name: string]: string } = {};
    if (error.details?.retryAfterSeconds !== undefined)
      headers['Retry-After'] = String(error.details.retryAfterSeconds);
    if (error.code === 401) headers['WWW-Authenticate'] = 'Bearer realm="kubernetes-master"';
    // A list that outlived its history says how to go on (verbs/list.ts).
    if ('continueToken' in error) status.metadata = { continue: error.continueToken };
    return { code: error.code, headers, body: { form: 'value', value: status } };
  }
  const path = url.split('?')[0];
  log.error('a request failed unexpectedly', { method, path, error });
  const status = new ApiError('InternalError', 'Internal error occurred: see the log of the server').toStatus();
  return { code: 500, body: { form: 'value', value: status } };
}
