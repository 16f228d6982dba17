// Runs benchmarks one after the other: node test/bench/run.cjs [NAME …] [-- options of the benchmark]
// Each prints a table of ratios against a named rival, measured in the same run.
const { spawnSync } = require('node:child_process');
const { readdirSync } = require('node:fs');
const path = require('node:path');

const args = process.argv.slice(2);
const end = args.indexOf('--');
const names = end < 0 ? args : args.slice(0, end);
const options = end < 0 ? [] : args.slice(end + 1);
const known = readdirSync(__dirname)
  .filter((file) => file.endsWith('.cjs') && file !== 'run.cjs')
  .map((file) => file.slice(0, -4));
const unknown = names.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}; there are ${known.join(', ')}`);
  process.exit(2);
}
for (const name of names.length > 0 ? names : known) {
  console.log(`\n## ${name}\n`);
  const { status } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', path.join(__dirname, `${name}.cjs`), ...options],
    { stdio: 'inherit' },
  );
  if (status !== 0) process.exit(status ?? 1);
}
