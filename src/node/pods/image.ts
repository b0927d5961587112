import type { Container as ContainerSpec, Pod, Secret } from '../../api/schema/types.d.ts';
import type { PullSecret } from '../images/credentials.ts';
import type { Puller } from '../images/pull.ts';
import type { Image, ImageService } from '../runtimes/runtime.ts';
import type { Recorder } from './context.ts';

export class PullError extends Error {
  readonly reason: 'ErrImagePull' | 'ErrImageNeverPull' | 'InvalidImageName';
  constructor(reason: PullError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

export type ImageSources = {
  secret(namespace: string, name: string): Promise<Secret | undefined>;
  /** A pod that was allowed an image keeps it: so it restarts while the API that holds its secret is away. */
  hasHad(pod: Pod, image: Image): boolean;
  record: Recorder;
};

/** Without a policy: Always for `latest` and untagged images, IfNotPresent for all others. */
export function pullPolicy({ image = '', imagePullPolicy }: ContainerSpec): 'Always' | 'IfNotPresent' | 'Never' {
  if (imagePullPolicy) return imagePullPolicy as 'Always';
  const name = image.slice(image.lastIndexOf('/') + 1);
  return !name.includes('@') && (!name.includes(':') || name.endsWith(':latest')) ? 'Always' : 'IfNotPresent';
}

const host = '(?:[\\w.-]+|\\[[\\da-fA-F:]+\\])(?::\\d+)?/';
const path = '[a-z\\d]+(?:(?:[./]|__?|-+)[a-z\\d]+)*';
/** As the distribution project writes them: [host[:port]/]path[:tag][@digest], or the id of an image. */
const namePattern = new RegExp(
  `^(?:${host})?${path}(?::\\w[\\w.-]{0,127})?(?:@[a-z\\d+.-]+:[\\da-f]{32,128})?$|^sha256:[\\da-f]{64}$`,
);
const nameLengthMax = 1024;

/** Makes sure that a container's image is on the node, by its policy and with the pod's pull secrets. */
export async function ensureImage(
  images: ImageService,
  puller: Puller,
  sources: ImageSources,
  pod: Pod,
  container: ContainerSpec,
): Promise<Image> {
  const reference = container.image ?? '';
  if (reference.length > nameLengthMax || !namePattern.test(reference))
    throw new PullError('InvalidImageName', `invalid image name "${reference}"`);
  const policy = pullPolicy(container);
  const present = await images.status(reference);
  const secrets = () => pullSecrets(pod, sources);
  const isHere = present !== undefined && policy !== 'Always';
  if (isHere && (sources.hasHad(pod, present) || (await puller.mayUse(present.id, reference, secrets)))) {
    sources.record(
      pod,
      'Normal',
      'Pulled',
      `Container image "${reference}" already present on machine`,
      container.name,
    );
    return present;
  }
  if (policy === 'Never') {
    const why = isHere ? 'was pulled with a login that this pod does not have, and has a' : 'is not present with';
    throw new PullError('ErrImageNeverPull', `Container image "${reference}" ${why} pull policy of Never`);
  }
  sources.record(pod, 'Normal', 'Pulling', `Pulling image "${reference}"`, container.name);
  try {
    const id = await puller.pull(reference, await secrets());
    const image = (await images.status(id)) ?? (await images.status(reference));
    if (image === undefined) throw new Error('the image vanished after it was pulled');
    sources.record(pod, 'Normal', 'Pulled', `Successfully pulled image "${reference}"`, container.name);
    return image;
  } catch (error) {
    const message = `failed to pull image "${reference}": ${(error as Error).message}`;
    throw new PullError('ErrImagePull', message, { cause: error });
  }
}

const secretsMax = 16;

/** What the pod's imagePullSecrets hold now. One that is missing or cannot be read leaves its place empty. */
async function pullSecrets(pod: Pod, sources: ImageSources): Promise<PullSecret[]> {
  const references = (pod.spec!.imagePullSecrets ?? []).slice(0, secretsMax);
  const read = references.map(({ name = '' }) => sources.secret(pod.metadata.namespace!, name).catch(() => undefined));
  return (await Promise.all(read)).map((secret) => {
    const data = Object.entries((secret?.data ?? {}) as Record<string, string>);
    const decoded = Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value, 'base64')]));
    return { type: secret?.type ?? '', data: decoded };
  });
}
