import { ApiError } from '../api/status.ts';
import type { UserInfo } from '../api/user.ts';
import { type Reply, type Services, valueReply } from './context.ts';
import { respondToDiscovery } from './discovery/discovery.ts';
import { health } from './health.ts';
import { metricsText } from './metrics-gauges.ts';
import { respondToOpenApi } from './openapi/openapi.ts';
import type { ServerRequest, Target } from './request.ts';
import { versionInfo } from './version.ts';

/** A request for something that is no resource. */
export type PathContext = Services & {
  request: ServerRequest;
  target: Target;
  user: UserInfo;
  warn(message: string): void;
};

type Answer = (context: PathContext) => Reply | undefined | Promise<Reply | undefined>;

/** Who answers a path and what is below it. */
const answers: [path: string, answer: Answer][] = [
  ['/api', respondToDiscovery],
  ['/apis', respondToDiscovery],
  ['/openapi', respondToOpenApi],
  ['/version', ({ version }) => valueReply(versionInfo(version))],
  ['/livez', health],
  ['/readyz', health],
  ['/healthz', health],
  ['/metrics', metricsText],
  ['/.well-known/openid-configuration', ({ extensions: { oidc } }) => oidc && valueReply(oidc.configuration())],
  ['/openid/v1/jwks', ({ extensions: { oidc } }) => oidc && jwks(oidc.jwks())],
];

export async function respondToPath(context: PathContext): Promise<Reply> {
  const { method } = context.request;
  const { path } = context.target;
  const found = path === '/' ? index(context) : await findAnswer(context);
  if (found === undefined) throw new ApiError('NotFound', 'the server could not find the requested resource');
  if (method !== 'GET' && method !== 'HEAD')
    throw new ApiError('MethodNotAllowed', `the path ${path} can only be read`);
  return found;
}

async function findAnswer(context: PathContext): Promise<Reply | undefined> {
  const { path } = context.target;
  for (const [known, answer] of answers) if (path === known || path.startsWith(`${known}/`)) return answer(context);
  return undefined;
}

const jwks = (keys: object): Reply => ({
  code: 200,
  body: { form: 'bytes', contentType: 'application/jwk-set+json', bytes: JSON.stringify(keys) },
});

/** `GET /`: where things are. */
function index({ kinds }: PathContext): Reply {
  const groups = new Set(
    kinds.all().map(({ group, version }) => (group === '' ? `/api/${version}` : `/apis/${group}/${version}`)),
  );
  const plain = [
    '/api',
    '/apis',
    '/healthz',
    '/livez',
    '/metrics',
    '/openapi/v2',
    '/openapi/v3',
    '/readyz',
    '/version',
  ];
  return valueReply({ paths: [...plain, ...groups].sort() });
}
