import type { Reply } from './context.ts';
import type { Gauge } from './metrics.ts';
import type { PathContext } from './paths.ts';

/** `/metrics`: the counters, and what can be read off the server as it stands. */
export function metricsText({ metrics, hub, storage, load }: PathContext): Reply {
  const { requests, streams, connections } = load();
  const { engine } = storage;
  const watches = [...hub.counts()].map(([prefix, count]): [string, number] => [
    `resource="${prefix.split('/')[2]}"`,
    count,
  ]);
  const gauges: Gauge[] = [
    {
      name: 'apiserver_current_inflight_requests',
      help: 'Requests and streams that are being served.',
      values: [
        ['request_kind="requests"', requests],
        ['request_kind="streams"', streams],
      ],
    },
    { name: 'rempart_connections', help: 'Open client connections.', values: [['', connections]] },
    { name: 'apiserver_registered_watchers', help: 'Open watches.', values: watches },
    { name: 'apiserver_storage_size_bytes', help: 'Size of the store.', values: [['', engine.sizeBytes()]] },
    { name: 'rempart_store_revision', help: 'Newest revision.', values: [['', engine.revision()]] },
    { name: 'rempart_store_compacted_revision', help: 'Oldest kept revision.', values: [['', engine.compacted()]] },
  ];
  const contentType = 'text/plain; version=0.0.4; charset=utf-8';
  return { code: 200, body: { form: 'bytes', contentType, bytes: metrics.render(gauges) } };
}
