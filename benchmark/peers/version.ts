import { execFileSync } from 'node:child_process';

/** Version of an installed Debian package, for the results page. */
export function installedVersion(name: string): string {
  try {
    const args = ['-W', '-f', '${Version}', name];
    return execFileSync('dpkg-query', args, { encoding: 'utf8' }).trim();
  } catch {
    return 'of unknown version';
  }
}
