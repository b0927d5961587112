/**
 * The house as data: what each room of src/ may import besides itself. ARCHITECTURE.md shows the same table, and
 * architecture.test.ts holds both against every import.
 */
const reactors = ['reconcile', 'client', 'api', 'foundation'];

export const rooms: Record<string, string[]> = {
  foundation: [],
  api: ['foundation'],
  policy: ['api', 'foundation'],
  store: ['foundation'],
  server: ['api', 'store', 'foundation'],
  client: ['api', 'foundation'],
  reconcile: ['client', 'api', 'foundation'],
  controllers: reactors,
  scheduler: reactors,
  node: reactors,
  network: [...reactors, 'policy'],
  defence: [...reactors, 'policy'],
  dashboard: ['api'],
  cluster: [
    'controllers',
    'scheduler',
    'node',
    'network',
    'defence',
    'reconcile',
    'client',
    'server',
    'store',
    'policy',
    'api',
    'foundation',
  ],
  cli: ['cluster', 'defence', 'client', 'api', 'foundation'],
};

/** Vocabularies are imported file by file; every other room only through the file named after it. */
export const openRooms = ['foundation', 'api', 'client', 'reconcile'];

/** Doors beside the one named after the room: what goes through them does not load the whole room. */
export const sideDoors = ['defence/check.ts'];
