import type { Container as ContainerSpec, Pod, Secret } from '../../api/schema/types.d.ts';
import type { Image, ImageService, RegistryCredentials } from '../runtimes/runtime.ts';

export class PullError extends Error {
  readonly reason: 'ErrImagePull' | 'ErrImageNeverPull' | 'InvalidImageName';
  constructor(reason: PullError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export type ImageSources = {
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  record(pod: Pod, type: 'Normal' | 'Warning', reason: string, message: string): void;
};

/** Without a policy: Always for `latest` and untagged images, IfNotPresent for all others. */
export function pullPolicy({ image = '', imagePullPolicy }: ContainerSpec): 'Always' | 'IfNotPresent' | 'Never' {
  if (imagePullPolicy) return imagePullPolicy as 'Always';
  const name = image.slice(image.lastIndexOf('/') + 1);
  return !name.includes('@') && (!name.includes(':') || name.endsWith(':latest')) ? 'Always' : 'IfNotPresent';
}

/** Makes sure that a container's image is on the node, by its policy and with the pod's pull secrets. */
export async function ensureImage(
  images: ImageService,
  sources: ImageSources,
  pod: Pod,
  container: ContainerSpec,
): Promise<Image> {
  const reference = container.image ?? '';
  if (reference === '' || /\s/.test(reference))
    throw new PullError('InvalidImageName', `invalid image name "${reference}"`);
  const policy = pullPolicy(container);
  const present = await images.status(reference);
  if (present !== undefined && policy !== 'Always') {
    sources.record(pod, 'Normal', 'Pulled', `Container image "${reference}" already present on machine`);
    return present;
  }
  if (policy === 'Never')
    throw new PullError('ErrImageNeverPull', `Container image "${reference}" is not present with pull policy of Never`);
  sources.record(pod, 'Normal', 'Pulling', `Pulling image "${reference}"`);
  const attempts = [...(await credentialsFor(pod, reference, sources)), undefined];
  for (const [index, credentials] of attempts.entries()) {
    try {
      const id = await images.pull(reference, credentials);
      sources.record(pod, 'Normal', 'Pulled', `Successfully pulled image "${reference}"`);
      const image = (await images.status(id)) ?? (await images.status(reference));
      if (image === undefined) throw new Error('the image vanished after it was pulled');
      return image;
    } catch (error) {
      if (index < attempts.length - 1) continue;
      const message = `failed to pull image "${reference}": ${(error as Error).message}`;
      throw new PullError('ErrImagePull', message, { cause: error });
    }
  }
  throw new PullError('ErrImagePull', `failed to pull image "${reference}"`);
}

const maxCredentials = 16;

/** The credentials in the pod's imagePullSecrets whose registry is the image's. */
async function credentialsFor(pod: Pod, reference: string, sources: ImageSources): Promise<RegistryCredentials[]> {
  const found: RegistryCredentials[] = [];
  for (const { name = '' } of (pod.spec!.imagePullSecrets ?? []).slice(0, maxCredentials)) {
    const secret = await sources.secret(pod.metadata!.namespace!, name).catch(() => undefined);
    for (const [registry, entry] of Object.entries(registriesOf(secret)))
      if (matches(registry, reference)) found.push(entry);
  }
  return found.slice(0, maxCredentials);
}

function registriesOf(secret: Secret | undefined): Record<string, { username: string; password: string }> {
  const data = (secret?.data ?? {}) as Record<string, string>;
  const text = data['.dockerconfigjson'] ?? data['.dockercfg'];
  if (text === undefined) return {};
  try {
    const parsed = JSON.parse(Buffer.from(text, 'base64').toString());
    const auths = data['.dockerconfigjson'] ? (parsed.auths ?? {}) : parsed;
    return Object.fromEntries(Object.entries<any>(auths).map(([registry, auth]) => [registry, loginOf(auth)]));
  } catch {
    return {};
  }
}

function loginOf({ username, password, auth }: { username?: string; password?: string; auth?: string }) {
  if (username !== undefined || auth === undefined) return { username: username ?? '', password: password ?? '' };
  const text = Buffer.from(auth, 'base64').toString();
  const colon = text.indexOf(':');
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** `https://registry.example/v1/` and `registry.example/team` are the forms found in docker configurations. */
function matches(registry: string, reference: string): boolean {
  const prefix = registry.replace(/^https?:\/\//, '').replace(/\/(v1|v2)?\/?$/, '');
  const first = reference.split('/')[0]!;
  const hasHost = reference.includes('/') && /[.:]|^localhost$/.test(first);
  const full = hasHost ? reference : `docker.io/${reference}`;
  const wanted = prefix === 'index.docker.io' ? 'docker.io' : prefix;
  return full === wanted || full.startsWith(`${wanted}/`);
}
