import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { ApiError } from '../../api/status.ts';
import type { UserInfo } from '../../api/user.ts';
import type { Client } from '../../client/client.ts';

export type AccessOptions = {
  nodeName: string;
  /** Common name of the API server's certificate: it has asked its authorizer already, and may do everything. */
  apiServerName: string;
  /** Asked who a token belongs to, and who may read what. */
  client: Pick<Client, 'create'>;
};

/** Who may use the node's API. All reject with ApiError: 401 for nobody, 403 for who may not, 429 and 503 when unsure. */
export type Access = {
  /** Streams into containers, and their logs: only the API server, which authorises and audits each. */
  toContainers(request: IncomingMessage): void;
  /** The pages about the node: whoever has the right to `nodes/metrics` and its siblings (kubelet authorization). */
  toPage(request: IncomingMessage, path: string): Promise<void>;
};

/** Reviews that wait for the API at once: a flood of tokens must not become one of the API server. */
const reviewsMax = 16;

export function createAccess({ nodeName, apiServerName, client }: AccessOptions): Access {
  let reviews = 0;

  async function review(resource: string, kind: string, spec: object): Promise<any> {
    if (reviews >= reviewsMax)
      throw new ApiError('TooManyRequests', `this node already asks about ${reviewsMax} users`);
    reviews += 1;
    try {
      const apiVersion = `${resource.slice(resource.indexOf('.') + 1)}/v1`;
      return (await client.create<any>(resource, { apiVersion, kind, spec } as never)).status;
    } catch (error) {
      throw new ApiError('ServiceUnavailable', `the API cannot be asked who this is: ${(error as Error).message}`);
    } finally {
      reviews -= 1;
    }
  }

  async function userOf(request: IncomingMessage): Promise<UserInfo> {
    const user = certifiedUser(request);
    if (user !== undefined) return user;
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined) throw unauthorized('neither a client certificate of this cluster nor a token was shown');
    const status = await review('tokenreviews.authentication.k8s.io', 'TokenReview', { token });
    if (!status?.authenticated) throw unauthorized('the token is not valid');
    return status.user;
  }

  async function mayRead(user: UserInfo, subresource: string): Promise<boolean> {
    const resourceAttributes = { verb: 'get', version: 'v1', resource: 'nodes', subresource, name: nodeName };
    const { username, groups, extra } = user;
    const spec = { user: username, groups, extra, resourceAttributes };
    return (await review('subjectaccessreviews.authorization.k8s.io', 'SubjectAccessReview', spec))?.allowed === true;
  }

  return {
    toContainers(request) {
      const user = certifiedUser(request);
      if (user === undefined) throw unauthorized('no client certificate of this cluster was shown');
      if (user.username !== apiServerName)
        throw new ApiError('Forbidden', `${user.username} may not enter containers here: ask the API server`);
    },
    async toPage(request, path) {
      const user = await userOf(request);
      if (user.username === apiServerName) return;
      const subresources = subresourcesOf(path);
      for (const subresource of subresources) if (await mayRead(user, subresource)) return;
      const rights = subresources.map((subresource) => `nodes/${subresource}`).join(' or ');
      throw new ApiError('Forbidden', `${user.username} may not get ${rights} of node ${nodeName}`);
    },
  };
}

/** The rights that open a page: https://kubernetes.io/docs/reference/access-authn-authz/kubelet-authn-authz/ */
function subresourcesOf(path: string): string[] {
  if (path.startsWith('/metrics')) return ['metrics'];
  if (path.startsWith('/stats')) return ['stats'];
  return path.startsWith('/healthz') ? ['healthz', 'proxy'] : ['pods', 'proxy'];
}

/** Of a certificate that our authority signed: the name and the organisations, as the API server reads them. */
function certifiedUser(request: IncomingMessage): UserInfo | undefined {
  const socket = request.socket as TLSSocket;
  if (!socket.authorized) return undefined;
  const { CN, O: organisations = [] } = socket.getPeerCertificate().subject ?? {};
  if (typeof CN !== 'string') return undefined;
  return {
    username: CN,
    groups: [...(Array.isArray(organisations) ? organisations : [organisations]), 'system:authenticated'],
  };
}

const unauthorized = (why: string) => new ApiError('Unauthorized', `Unauthorized: ${why}`);
