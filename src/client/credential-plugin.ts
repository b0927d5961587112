import { spawnSync } from 'node:child_process';
import { isAbsolute, join } from 'node:path';
import { isObject } from '../foundation/json.ts';

/** What a plugin gave: a token, or a certificate with its key. `run` counts how often the program was run for it. */
export type PluginCredential = { token?: Buffer; certificate?: Buffer; key?: Buffer; run: number };

/**
 * A way to log in by a program of the user's kubeconfig, as most clouds want it:
 * https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
 */
export type CredentialPlugin = {
  /** What the program gave last while that has not expired; else it is run. Throws with what to do. */
  credential(): PluginCredential;
  /** The server did not accept it: the next one is a new one. */
  forget(): void;
};

const apiVersions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'];
const interactiveModes = ['Never', 'IfAvailable', 'Always'];
const outputMaxBytes = 2 ** 20;
const timeoutMs = 60_000;
/** For a person to find a password or a key. */
const interactiveTimeoutMs = 300_000;
/** A credential that is about to expire would do so on its way. */
const expiryMarginMs = 10_000;

export type PluginOptions = {
  /** For errors: `config, context one`. */
  where: string;
  /** Where a relative command is looked for: beside the kubeconfig. */
  folder: string;
  /** The kubeconfig's cluster, for a plugin that wants to know it. */
  cluster: Record<string, unknown>;
  nowMs?: () => number;
  /** Is there somebody to ask? */
  terminal?: boolean;
};

/** `exec` is the entry of the kubeconfig's user. Nothing runs before a credential is asked for. Throws for what cannot work. */
export function createCredentialPlugin(exec: any, options: PluginOptions): CredentialPlugin {
  const { where, nowMs = Date.now, terminal = process.stdin.isTTY === true } = options;
  const wrong = whyUnusable(exec, terminal);
  if (wrong !== undefined) throw new Error(`${where}: ${wrong}`);
  let runs = 0;
  let known: { credential: PluginCredential; expiresMs: number } | undefined;
  return {
    credential() {
      if (known === undefined || known.expiresMs - expiryMarginMs <= nowMs()) {
        const { credential, expiresMs } = run(exec, options, terminal);
        known = { credential: { ...credential, run: ++runs }, expiresMs };
      }
      return known.credential;
    },
    forget() {
      known = undefined;
    },
  };
}

function whyUnusable(exec: any, terminal: boolean): string | undefined {
  if (!isObject(exec) || typeof exec['command'] !== 'string' || exec['command'] === '')
    return 'the login plugin has no command';
  const { apiVersion, command, args = [], env = [], interactiveMode = 'IfAvailable' } = exec;
  if (!apiVersions.includes(apiVersion))
    return `the login plugin ${command} speaks ${apiVersion}: only ${apiVersions.join(' and ')} are understood`;
  if (!(args ?? []).every((each: unknown) => typeof each === 'string')) return `args of ${command} are no texts`;
  if (!(env ?? []).every((each: any) => typeof each?.name === 'string' && typeof each.value === 'string'))
    return `env of ${command} is no list of name and value`;
  if (!interactiveModes.includes(interactiveMode)) return `interactiveMode ${interactiveMode} of ${command} is unknown`;
  if (interactiveMode === 'Always' && !terminal)
    return `the login plugin ${command} wants to ask somebody, and there is no terminal`;
  return undefined;
}

/** Without a shell, bounded in time and output. What it printed is a secret: no error repeats it. */
function run(exec: any, { where, folder, cluster }: PluginOptions, terminal: boolean) {
  const { apiVersion, command, args, env, interactiveMode, installHint, provideClusterInfo } = exec;
  const interactive = terminal && interactiveMode !== 'Never';
  const spec = { interactive, ...(provideClusterInfo === true ? { cluster: clusterInfo(cluster) } : {}) };
  const named = Object.fromEntries(((env ?? []) as { name: string; value: string }[]).map((e) => [e.name, e.value]));
  // Like kubectl: a name is looked for on the PATH, a path is relative to the kubeconfig.
  const program = command.includes('/') && !isAbsolute(command) ? join(folder, command) : command;
  const { status, signal, error, stdout, stderr } = spawnSync(program, args ?? [], {
    env: {
      ...process.env,
      ...named,
      KUBERNETES_EXEC_INFO: JSON.stringify({ apiVersion, kind: 'ExecCredential', spec }),
    },
    stdio: interactive ? ['inherit', 'pipe', 'inherit'] : ['ignore', 'pipe', 'pipe'],
    timeout: interactive ? interactiveTimeoutMs : timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: outputMaxBytes,
    shell: false,
  });
  const fail = (why: string): never => {
    throw new Error(`${where}: the login plugin ${command} ${why}`);
  };
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const hint = typeof installHint === 'string' ? `: ${installHint.trim().slice(0, 1000)}` : '; install it';
  if (code === 'ENOENT') return fail(`is not there${hint}`);
  if (code === 'ETIMEDOUT')
    return fail(`did not end within ${(interactive ? interactiveTimeoutMs : timeoutMs) / 1000} s`);
  if (code === 'ENOBUFS') return fail(`printed more than ${outputMaxBytes} bytes`);
  if (error) return fail(`cannot be run: ${error.message}`);
  const said = stderr?.toString('utf8').trim().slice(0, 500);
  if (status !== 0) return fail(`ended with ${signal ?? `code ${status}`}${said ? `: ${said}` : ''}`);
  return readCredential(stdout.toString('utf8'), apiVersion, fail);
}

function readCredential(text: string, apiVersion: string, fail: (why: string) => never) {
  let answer: any;
  try {
    answer = JSON.parse(text);
  } catch {
    return fail('printed no JSON');
  }
  if (answer?.kind !== 'ExecCredential' || answer.apiVersion !== apiVersion)
    return fail(`printed no ExecCredential of ${apiVersion}`);
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = answer.status ?? {};
  const bytes = (value: unknown) => (typeof value === 'string' && value !== '' ? Buffer.from(value) : undefined);
  const credential = { token: bytes(token), certificate: bytes(clientCertificateData), key: bytes(clientKeyData) };
  if ((credential.certificate === undefined) !== (credential.key === undefined))
    return fail('gave a certificate without its key, or a key without its certificate');
  if (credential.token === undefined && credential.key === undefined) return fail('gave neither token nor certificate');
  const expiresMs = expirationTimestamp === undefined ? Number.POSITIVE_INFINITY : Date.parse(expirationTimestamp);
  if (Number.isNaN(expiresMs)) return fail('gave an expirationTimestamp that is no time');
  return { credential, expiresMs };
}

/** As client.authentication.k8s.io has it; `config` is what the cluster says to plugins in its extensions. */
function clusterInfo(cluster: any): object {
  const extensions: any[] = Array.isArray(cluster.extensions) ? cluster.extensions : [];
  const config = extensions.find((each) => each?.name === 'client.authentication.k8s.io/exec')?.extension;
  return {
    server: cluster.server,
    'tls-server-name': cluster['tls-server-name'],
    'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
    'certificate-authority-data': cluster['certificate-authority-data'],
    config,
  };
}
