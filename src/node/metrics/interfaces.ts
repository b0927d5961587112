/** What passed through a network interface since it was made. */
export type InterfaceCounters = { name: string; received: Counters; sent: Counters };
type Counters = { bytes: number; packets: number; errors: number; dropped: number };

/** Reads `/proc/PID/net/dev` (proc(5)) without the loopback interface. */
export function parseInterfaces(text: string): InterfaceCounters[] {
  return text
    .split('\n')
    .slice(2)
    .flatMap((line) => {
      const [name = '', counts] = line.split(':');
      if (counts === undefined || name.trim() === 'lo') return [];
      const numbers = counts.trim().split(/\s+/).map(Number);
      return [{ name: name.trim(), received: countersFrom(numbers.slice(0)), sent: countersFrom(numbers.slice(8)) }];
    });
}

function countersFrom([bytes = 0, packets = 0, errors = 0, dropped = 0]: number[]): Counters {
  return { bytes, packets, errors, dropped };
}
