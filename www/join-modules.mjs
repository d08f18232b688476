// Joins the modules of sockjs-client 1.0.0 into the one file that a browser loads: only
// since 1.1.2 does the npm package bring that file. As its authors' browserify did it:
// "browser" in package.json names modules that are others in a browser, and debug()
// is left out.
//
//   node join-modules.mjs PACKAGE FILE
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const [folder, output] = process.argv.slice(2).map((name) => path.resolve(name));
const describe = (file) => JSON.parse(readFileSync(file));
const { version, license, main, browser } = describe(path.join(folder, 'package.json'));
const replaced = new Map(Object.entries(browser).map(([name, other]) => (
  [name.startsWith('.') ? path.join(folder, name) : name, path.join(folder, other)])));
const modules = new Map(); // file -> { number, source }

function add(file) {
  if (modules.has(file)) return modules.get(file).number;
  const module = { number: modules.size };
  modules.set(file, module);
  module.source = readFileSync(file, 'utf8').replace(/\brequire\('([^']+)'\)/g, (call, name) => (
    name === 'debug' ? call : `require(${add(find(file, name))})`));
  return module.number;
}

function find(from, name) {
  const { resolve } = createRequire(from);
  if (replaced.has(name)) return replaced.get(name);
  if (!name.startsWith('.')) {
    const about = resolve(`${name}/package.json`);
    const other = describe(about).browser;
    if (typeof other === 'string') return path.resolve(about, '..', other);
  }
  return replaced.get(resolve(name)) ?? resolve(name);
}

add(path.join(folder, main));
const list = [...modules.values()].map(({ source }) => (
  `function (require, module, exports) {\n${source}\n}`));
writeFileSync(output, `/* sockjs-client ${version}, ${license}: https://sockjs.org */
window.SockJS = (function (modules) {
  var loaded = [];

  function require(number) {
    if (!loaded[number]) {
      loaded[number] = { exports: {} };
      modules[number].call(window, require, loaded[number], loaded[number].exports);
    }
    return loaded[number].exports;
  }

  return require(0);
}(function (global, process) {
  return [${list.join(', ')}];
}(window, { env: { NODE_ENV: 'production' } })));
`);
