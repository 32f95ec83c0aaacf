// How does TypeScript become what Node runs? esbuild, the project's own or an installed one, bundles a handler and
// all that it imports, with a source map, once for all processes of one state of the code.

import { existsSync, mkdirSync, realpathSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { ImportModuleError, UserCodeSyntaxError } from './errors.mjs';

const folder = process.env.FANOUT_HARNESS_BUNDLES;
delete process.env.FANOUT_HARNESS_BUNDLES; // the function's variables are Lambda's and its own

// CommonJS packages inside of an ES module ask for these.
const BANNER = [
  "import { createRequire as $createRequire } from 'node:module';",
  "import { fileURLToPath as $fileURLToPath } from 'node:url';",
  'const require = $createRequire(import.meta.url);',
  'const __filename = $fileURLToPath(import.meta.url);',
  "const __dirname = $fileURLToPath(new URL('.', import.meta.url));",
].join(' ');

/** The file of the bundle of a TypeScript file; stack traces show the sources from now on. */
export function bundled(source) {
  process.setSourceMapsEnabled(true);
  const made = path.join(folder, 'handler.mjs');
  if (existsSync(made)) return made;
  const beside = `${folder}.${process.pid}`;
  mkdirSync(beside, { recursive: true });
  build(source, path.join(beside, 'handler.mjs'));
  publish(beside);
  return made;
}

function build(source, outfile) {
  const { buildSync } = esbuild(source);
  try {
    buildSync({
      entryPoints: [source],
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
      mainFields: ['module', 'main'],
      target: `node${process.versions.node}`,
      sourcemap: 'linked',
      keepNames: true,
      nodePaths: packageFolders(),
      banner: { js: BANNER },
      logLevel: 'silent',
    });
  } catch (error) {
    throw buildError(error);
  }
}

// Whoever is first keeps the place; every bundle of one state of the code is the same.
function publish(beside) {
  try {
    renameSync(beside, folder);
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  }
}

function buildError(error) {
  const [first] = error.errors ?? [];
  if (first === undefined) return error;
  const { file, line, column } = first.location ?? { file: '', line: 0, column: 0 };
  const message = `${file}:${line}:${column}: ${first.text}`;
  return first.text.startsWith('Could not resolve') ? new ImportModuleError(message) : new UserCodeSyntaxError(message);
}

function esbuild(source) {
  for (const place of [source, ...packageFolders().map((each) => path.join(each, 'any')), commandOnPath()]) {
    try {
      if (place !== undefined) return createRequire(place)('esbuild');
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new ImportModuleError(
    `${source} is TypeScript, and esbuild, which makes JavaScript of it, is in no node_modules beside or above it, ` +
      'not on NODE_PATH, and not installed globally. `harness install-sdk` installs it once for all projects; ' +
      '`npm install --save-dev esbuild` adds it to this one.',
  );
}

// A global esbuild is a command that links into its package.
function commandOnPath() {
  const commands = (process.env.PATH ?? '').split(path.delimiter).map((each) => path.join(each, 'esbuild'));
  const command = commands.find(existsSync);
  return command === undefined ? undefined : realpathSync(command);
}

function packageFolders() {
  return (process.env.NODE_PATH ?? '').split(path.delimiter).filter(Boolean);
}
