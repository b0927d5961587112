/** One value of a metric; `atMs` says when it was read, where that is not now. */
export type Sample = { labels?: Record<string, string>; value: number; atMs?: number };
export type Family = { name: string; type: 'counter' | 'gauge'; help: string; samples: Sample[] };

export const counter = (name: string, help: string, samples: Sample[]): Family => ({
  ...{ name, type: 'counter', help, samples },
});
export const gauge = (name: string, help: string, samples: Sample[]): Family => ({
  ...{ name, type: 'gauge', help, samples },
});

/** Prometheus' text format 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const metricsText = (families: Family[]): string =>
  families
    .filter(({ samples }) => samples.length > 0)
    .map(
      ({ name, type, help, samples }) =>
        `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${samples.map((sample) => lineOf(name, sample)).join('')}`,
    )
    .join('');

function lineOf(name: string, { labels = {}, value, atMs }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  const all = pairs.length > 0 ? `{${pairs.join(',')}}` : '';
  return `${name}${all} ${value}${atMs === undefined ? '' : ` ${atMs}`}\n`;
}

const escaped = (text: string) => text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
