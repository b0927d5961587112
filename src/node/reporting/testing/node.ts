import type { Machine } from '../../machine.ts';
import type { NodeFindings, NodeOptions } from '../node-status.ts';

const machine: Machine = {
  ...{ cpuMilli: 4000, memoryBytes: 8 * 2 ** 30, diskBytes: 100 * 2 ** 30, hostname: 'node-1', address: '192.0.2.1' },
  ...{ kernelVersion: '6.1', osImage: 'Debian', architecture: 'amd64', machineID: 'm', systemUUID: 's', bootID: 'b' },
};
export const options: NodeOptions = {
  ...{ nodeName: 'node-1', machine, podCIDR: '10.244.0.0/24', maxPods: 110, labels: { zone: 'a' }, kubeletPort: 10250 },
  reserved: { cpuMilli: 100, memoryBytes: 2 ** 28, diskBytes: 10 * 2 ** 30 },
};
export const calm: NodeFindings = {
  runtime: { ready: true, networkReady: true, message: '', name: 'containerd', version: '1.6' },
  pressure: { memory: false, disk: false, processes: false },
  images: [],
};
