/** A machine that has enough of everything. */
export const calm = {
  ...{ memoryAvailableBytes: 4 * 2 ** 30, diskAvailableBytes: 50 * 2 ** 30, diskBytes: 100 * 2 ** 30 },
  ...{ inodesFreeRatio: 0.9, processesFreeRatio: 0.9 },
};
