/** The door of the node room: the agent, and what it is given. */
export { type Agent, type AgentOptions, createAgent } from './agent.ts';
export { type Cgroups, createCgroups, noCgroups } from './cgroups.ts';
export type { NetworkHooks } from './pods/context.ts';
export { plainMounter, systemMounter } from './volumes/mounter.ts';
