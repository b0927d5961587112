/**
 * Runs `turn` after the current turn of the event loop, so that several changes make one; never two at once, and once more
 * when it was asked for meanwhile. `turn` must not reject.
 */
export function createTurn(turn: () => Promise<void>): () => void {
  let isScheduled = false;
  let again = false;

  function wake(): void {
    if (isScheduled) {
      again = true;
      return;
    }
    isScheduled = true;
    setImmediate(async () => {
      again = false;
      await turn();
      isScheduled = false;
      if (again) wake();
    });
  }
  return wake;
}
