import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { kindOf } from '../api/api.ts';
import { resourceName } from '../api/kind.ts';
import type { KubernetesObject } from '../api/object.ts';
import { yamlOptions } from '../api/yaml.ts';
import type { Client } from '../client/client.ts';
import { systemClock } from '../foundation/clock.ts';
import { UsageError } from '../foundation/usage-error.ts';
import { buildArchive, imageFingerprint } from '../node/node.ts';
import { openAuthority } from './certificates/authority.ts';
import { identities } from './certificates/identities.ts';
import { type Choices, type Configuration, configure, layout } from './configuration.ts';
import { importImage } from './images.ts';
import { packageRoot } from './processes/command.ts';
import { adminClient, type Steps, up } from './up.ts';

const namespace = 'shop';
const frontPort = 30_080;
const availableTimeoutMs = 120_000;

/** `up`, then the example shop: its images built here from Debian packages, its manifests applied, its pods ready. */
export async function demo(choices: Choices, steps: Steps): Promise<{ kubeconfig: string; url: string }> {
  const example = join(packageRoot, 'examples/shop');
  const { kubeconfig } = await up(choices, steps);
  const configuration = configure(choices);
  for (const specification of readdirSync(join(example, 'images')).sort()) {
    steps.step(`Building the image ${basename(specification, '.json')} from Debian packages`);
    await importImage(configuration.dataDirectory, await build(join(example, 'images', specification), configuration));
  }
  steps.step('Deploying the shop');
  const authority = openAuthority(layout(configuration).pki, systemClock);
  const client = adminClient(configuration, authority.certificate, authority.issue(identities.admin()));
  for (const object of readManifests(join(example, 'manifests'))) await apply(client, object);
  steps.step('Waiting until the shop answers');
  await untilAvailable(client);
  return { kubeconfig, url: `http://${machineAddress()}:${frontPort}` };
}

/** Builds an image unless the same was built before; returns the archive. What was built from other inputs goes. */
async function build(specification: string, configuration: Configuration): Promise<string> {
  const { archives } = layout(configuration);
  mkdirSync(archives, { recursive: true, mode: 0o755 });
  const name = basename(specification, '.json');
  const current = `${name}-${(await imageFingerprint(specification)).slice(0, 16)}.tar`;
  const archive = join(archives, current);
  if (!existsSync(archive)) await buildArchive(specification, archive);
  for (const file of readdirSync(archives))
    if (file.startsWith(`${name}-`) && file !== current) rmSync(join(archives, file));
  return archive;
}

/** Every object of the folder's files, in the order of their names. */
function readManifests(folder: string): KubernetesObject[] {
  return readdirSync(folder)
    .sort()
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(folder, file), 'utf8'), yamlOptions).map((document) => document.toJS()),
    )
    .filter((object) => object !== null);
}

async function apply(client: Client, object: KubernetesObject): Promise<void> {
  const kind = kindOf(object.apiVersion, object.kind);
  if (!kind) throw new Error(`${object.apiVersion} ${object.kind} is not a built-in kind`);
  const name = { namespace: object.metadata.namespace, name: object.metadata.name };
  await client.patch(
    resourceName(kind),
    name,
    { type: 'apply', body: object },
    { fieldManager: 'rempart-demo', force: true },
  );
}

async function untilAvailable(client: Client): Promise<void> {
  const deadline = performance.now() + availableTimeoutMs;
  while (performance.now() < deadline) {
    const { items } = await client.list('pods', { namespace });
    const ready = items.filter(({ status }) =>
      status?.conditions?.some(({ type, status }: any) => type === 'Ready' && status === 'True'),
    );
    if (items.length > 0 && ready.length === items.length) return;
    await delay(200);
  }
  throw new UsageError(
    `The shop was not ready within ${availableTimeoutMs / 1000} s: kubectl --namespace shop describe pods`,
  );
}

/** The address of this machine that others would use; loopback when it has no other. */
function machineAddress(): string {
  const all = Object.entries(networkInterfaces()).filter(([name]) => !/^(rp-|veth|cni|docker)/.test(name));
  const found = all
    .flatMap(([, addresses]) => addresses ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal);
  return found?.address ?? '127.0.0.1';
}
