// Which function does a handler string mean, and in which file (L-62 to L-65)?

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

import { HandlerNotFound, ImportModuleError, MalformedHandlerName, UserCodeSyntaxError } from './errors.mjs';
import { importPathOfNode } from './node_path.mjs';
import { bundled } from './typescript.mjs';

const require = createRequire(import.meta.url);
const TYPESCRIPT = ['.ts', '.mts', '.cts'];

/** The function that a handler string means below the code's root; an error of the runtime when there is none. */
export async function loadHandler(root, handler) {
  const [folder, file, name] = splitHandler(handler);
  const exported = find(await loadModule(root, folder, file), name);
  if (!exported) throw new HandlerNotFound(`${handler} is undefined or not exported`);
  if (typeof exported !== 'function') throw new HandlerNotFound(`${handler} is not a function`);
  return exported;
}

function splitHandler(handler) {
  if (handler.includes('..')) {
    const advice = 'Use absolute paths when specifying root directories in handler names.';
    throw new MalformedHandlerName(`'${handler}' is not a valid handler name. ${advice}`);
  }
  const last = path.basename(handler);
  const [, file, name] = /^([^.]*)\.(.*)$/.exec(last) ?? [];
  if (file === undefined) throw new MalformedHandlerName('Bad handler');
  return [handler.slice(0, handler.indexOf(last)), file, name];
}

function find(exported, name) {
  return name.split('.').reduce((nested, key) => nested && nested[key], exported);
}

async function loadModule(root, folder, file) {
  try {
    return await firstOf(root, folder, file);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserCodeSyntaxError(error);
    if (error.code === 'MODULE_NOT_FOUND') throw new ImportModuleError(error);
    throw error; // ERR_MODULE_NOT_FOUND of an import too (L-64)
  }
}

async function firstOf(root, folder, file) {
  const base = path.resolve(root, folder, file);
  const module = isModuleFolder(path.dirname(base));
  return (
    required(base) ||
    (await (module ? imported(`${base}.js`) : required(`${base}.js`))) ||
    (await imported(`${base}.mjs`)) ||
    required(`${base}.cjs`) ||
    (await fromTypeScript(base)) ||
    require(require.resolve(file, { paths: [root, folder] }))
  );
}

function required(file) {
  return existsSync(file) ? require(file) : undefined;
}

async function imported(file) {
  if (!existsSync(file)) return undefined;
  importPathOfNode();
  return import(pathToFileURL(file));
}

// Lambda gets what a bundler made of TypeScript; here that is done on the way, and a bundle of `export =` or
// `exports.handler =` has these under `default`.
async function fromTypeScript(base) {
  const source = TYPESCRIPT.map((suffix) => base + suffix).find(existsSync);
  if (source === undefined) return undefined;
  const module = await imported(bundled(source));
  return Object.keys(module).join() === 'default' ? module.default : module;
}

// Whether `.js` files of a folder are ES modules: the nearest package.json says so, up to a node_modules.
function isModuleFolder(folder) {
  if (path.basename(folder) === 'node_modules') return false;
  const file = path.join(folder, 'package.json');
  if (existsSync(file)) return isModulePackage(file);
  const above = path.dirname(folder);
  return above !== folder && isModuleFolder(above);
}

function isModulePackage(file) {
  try {
    return JSON.parse(readFileSync(file))?.type === 'module';
  } catch (error) {
    console.warn(`${file} cannot be read, it will be ignored for ES module detection purposes.`, error);
    return false;
  }
}
