import { type Client, createClient } from '../src/client/client.ts';
import { readMaterial } from '../src/client/connection.ts';
import { createHttpsTransport } from '../src/client/https-transport.ts';
import { loadKubeconfig } from '../src/client/kubeconfig.ts';

/** An API server to measure: any, as nothing but the Kubernetes API is spoken. */
export type Target = {
  kubeconfig: string;
  host: string;
  port: number;
  ca: Buffer | undefined;
  cert: Buffer | undefined;
  key: Buffer | undefined;
  /** A header line for clients with a token, or empty. */
  authorization: string;
  client: Client;
};

export function targetOf(kubeconfig: string): Target {
  const { connection } = loadKubeconfig(kubeconfig);
  const { ca, cert, key, token } = readMaterial(connection);
  const url = new URL(connection.server);
  const authorization = token ? `Authorization: Bearer ${token}\r\n` : '';
  const client = createClient(createHttpsTransport(connection));
  return { kubeconfig, host: url.hostname, port: Number(url.port || 443), ca, cert, key, authorization, client };
}
