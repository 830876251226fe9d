/**
 * Judges `npm audit --omit=dev --json` on standard input. Known vulnerabilities that are high or
 * critical fail, unless audit-allowed.json names the advisory with a reason and a date that has not
 * passed. No report at all (a registry without that service, no network) is said, and passes.
 */
import { readFileSync } from 'node:fs';

const GRAVE = ['high', 'critical'];

const allowed = JSON.parse(
  readFileSync(process.argv[2] ?? new URL('./audit-allowed.json', import.meta.url), 'utf8'),
);
const report = parsed(readFileSync(0, 'utf8'));
if (report?.vulnerabilities === undefined) {
  console.log('no report: this registry does not tell of vulnerabilities');
} else {
  const grave = gravesIn(report.vulnerabilities);
  const today = new Date().toISOString().slice(0, 10);
  for (const { id, name, severity, title } of grave) {
    const exception = allowed.find(({ advisory, until }) => advisory === id && until >= today);
    console.log(`${severity} ${name}: ${title} (${id}) ${exception?.reason ?? 'NOT ALLOWED'}`);
    if (exception === undefined) process.exitCode = 1;
  }
  const count = Object.keys(report.vulnerabilities).length;
  console.log(`${count} packages with advisories, ${grave.length} high or critical`);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Each advisory once; packages that only depend on a faulty one name it by its name. */
function gravesIn(vulnerabilities) {
  const found = new Map();
  for (const { name, via } of Object.values(vulnerabilities)) {
    for (const cause of via) {
      if (typeof cause === 'string' || !GRAVE.includes(cause.severity)) continue;
      const id = /GHSA(-[a-z0-9]{4}){3}/.exec(cause.url ?? '')?.[0] ?? String(cause.source);
      found.set(id, { id, name, severity: cause.severity, title: cause.title });
    }
  }
  return [...found.values()];
}
