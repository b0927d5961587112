import { ApiError } from '../api/status.ts';
import type { Client } from '../client/client.ts';

/** Asks the server itself: a cache may be behind, and what follows from a node that is gone cannot be undone. */
export async function nodeExists(client: Client, name: string): Promise<boolean> {
  try {
    await client.get('nodes', { name });
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'NotFound') return false;
    throw error;
  }
}
