// www/docs/proxies.md says nothing that is not so: its configurations are good ones, and its
// lines for proxies stand in the recipes, which recipes.test.mjs runs.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runPostern } from '../lib/gateway.mjs';
import { test } from '../lib/test.mjs';

const top = fileURLToPath(new URL('../../../', import.meta.url));
const document = readFileSync(`${top}/www/docs/proxies.md`, 'utf8');

// What stands between fences of that language.
function blocks(language) {
  const found = [...document.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm'))];
  assert.ok(found.length > 0, `no ${language}`);
  return found.map(([, text]) => text);
}

const lines = (text) => text.split('\n').map((line) => line.trim()).filter((line) => line !== '');

test('every configuration in the document is good', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-'));
  for (const text of blocks('json')) {
    writeFileSync(`${folder}/postern.json`, text);
    const { status, stderr } = await runPostern('check-config', '--config', `${folder}/postern.json`);
    assert.equal(status, 0, stderr);
  }
  rmSync(folder, { recursive: true });
});

for (const proxy of ['nginx', 'haproxy']) {
  test(`every line for ${proxy} in the document stands in a recipe`, () => {
    const recipes = readdirSync(`${top}/docker/${proxy}`).flatMap((file) => (
      lines(readFileSync(`${top}/docker/${proxy}/${file}`, 'utf8'))));
    for (const line of blocks(proxy).flatMap(lines)) assert.ok(recipes.includes(line), line);
  });
}

test('every file that the document names is there', () => {
  for (const [, name] of document.matchAll(/\]\((\.\.[^)#]+)\)/g)) {
    const folder = path.join(top, 'www/docs', path.dirname(name));
    assert.ok(readdirSync(folder).includes(path.basename(name)), name);
  }
});
