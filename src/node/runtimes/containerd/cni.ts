import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The pod network: one routed veth per pod (ptp), addresses of this node's range, host ports by portmap. No bridge, so
 * that nftables' inet forward hook sees every packet. `dataDir` keeps the leases and must survive a restart.
 */
export function ptpConflist(network: { podCIDR: string; dataDir: string; mtuBytes: number }): string {
  const ipam = {
    type: 'host-local',
    dataDir: network.dataDir,
    ranges: [[{ subnet: network.podCIDR }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  const plugins = [
    { type: 'ptp', ipMasq: false, mtu: network.mtuBytes, ipam },
    { type: 'portmap', capabilities: { portMappings: true }, snat: true },
  ];
  return JSON.stringify({ cniVersion: '1.0.0', name: 'rempart', plugins }, undefined, 2);
}

const fileName = '10-rempart.conflist';

/** Makes `conflist` the only network of the folder; containerd notices by itself. */
export function writeCniConfig(cniConfDir: string, conflist: string): void {
  mkdirSync(cniConfDir, { recursive: true, mode: 0o700 });
  for (const other of readdirSync(cniConfDir)) if (other !== fileName) rmSync(join(cniConfDir, other));
  writeFileSync(join(cniConfDir, fileName), conflist);
}
