export function installPackages(options?: { tests?: boolean }): void;
