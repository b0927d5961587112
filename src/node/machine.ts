import { readFileSync, statfsSync } from 'node:fs';
import { cpus, hostname, networkInterfaces, release, totalmem } from 'node:os';

/** What this machine is, as a node's status says it. Sizes in bytes. */
export type Machine = {
  cpuMilli: number;
  memoryBytes: number;
  diskBytes: number;
  hostname: string;
  address: string;
  kernelVersion: string;
  osImage: string;
  architecture: string;
  machineID: string;
  systemUUID: string;
  bootID: string;
};

/** Reads the machine. `dataDirectory` is where images and volumes are kept: its disk is the node's ephemeral storage. */
export function readMachine(dataDirectory: string, address?: string): Machine {
  const { blocks, bsize } = statfsSync(dataDirectory);
  return {
    cpuMilli: cpus().length * 1000,
    memoryBytes: totalmem(),
    diskBytes: blocks * bsize,
    hostname: hostname().toLowerCase(),
    address: address ?? firstAddress(),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(read('/etc/os-release'))?.[1] ?? 'Linux',
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    machineID: read('/etc/machine-id'),
    systemUUID: read('/sys/class/dmi/id/product_uuid') || read('/etc/machine-id'),
    bootID: read('/proc/sys/kernel/random/boot_id'),
  };
}

function firstAddress(): string {
  const all = Object.entries(networkInterfaces()).filter(([name]) => !/^(veth|cni|rempart|docker|dummy)/.test(name));
  const usable = all
    .flatMap(([, addresses = []]) => addresses)
    .filter(({ internal, family }) => !internal && family === 'IPv4');
  return usable[0]?.address ?? '127.0.0.1';
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

/** What pressure is judged by. Free inodes count as disk, free process ids as processes. */
export type Pressure = {
  memoryAvailableBytes: number;
  diskAvailableBytes: number;
  diskBytes: number;
  inodesFreeRatio: number;
  processesFreeRatio: number;
};

export function readPressure(dataDirectory: string): Pressure {
  const { bavail, bsize, blocks, files, ffree } = statfsSync(dataDirectory);
  const meminfo = read('/proc/meminfo');
  const available = Number(/^MemAvailable:\s+(\d+)/m.exec(meminfo)?.[1] ?? 0) * 1024;
  const processes = Number(/\/(\d+)/.exec(read('/proc/loadavg'))?.[1] ?? 0);
  const processesMax = Number(read('/proc/sys/kernel/pid_max')) || 32_768;
  return {
    memoryAvailableBytes: available,
    diskAvailableBytes: bavail * bsize,
    diskBytes: blocks * bsize,
    inodesFreeRatio: files > 0 ? ffree / files : 1,
    processesFreeRatio: 1 - processes / processesMax,
  };
}
