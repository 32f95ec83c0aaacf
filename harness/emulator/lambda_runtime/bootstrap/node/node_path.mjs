// How do `import`s find packages on NODE_PATH, which plain Node searches for `require` only? By a hook; Lambda's
// Node has done so since nodejs18.x. Code without packages there does not pay for it.

import { existsSync } from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const folders = (process.env.NODE_PATH ?? '').split(path.delimiter).filter(Boolean);
let registered = false;

/** From now on, what an import does not find is looked for on NODE_PATH. */
export function importPathOfNode() {
  if (registered || module.register === undefined || !folders.some(isPackages)) return;
  registered = true;
  module.register(import.meta.url);
}

/** Node's hook: runs in a thread of its own. */
export async function resolve(specifier, context, nextResolve) {
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND' || /^[./]|^[a-z]+:/.test(specifier)) throw error;
    return (await fromPath(specifier, context, nextResolve)) ?? Promise.reject(error);
  }
}

async function fromPath(specifier, context, nextResolve) {
  for (const folder of folders.filter(isPackages)) {
    const parentURL = pathToFileURL(path.join(path.dirname(folder), 'any.mjs')).href;
    try {
      return await nextResolve(specifier, { ...context, parentURL });
    } catch (error) {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    }
  }
  return undefined;
}

function isPackages(folder) {
  return path.basename(folder) === 'node_modules' && existsSync(folder);
}
