/** apimachinery version.Info: `v1.36.0+rempart` says which API is spoken, and by whom. */
export function versionInfo(gitVersion: string) {
  const [, major = '', minor = ''] = /^v(\d+)\.(\d+)/.exec(gitVersion) ?? [];
  return {
    ...{ major, minor, emulationMajor: major, emulationMinor: minor, gitVersion, gitCommit: '', gitTreeState: 'clean' },
    ...{ buildDate: '1970-01-01T00:00:00Z', goVersion: `node-${process.version}`, compiler: 'node' },
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
}
