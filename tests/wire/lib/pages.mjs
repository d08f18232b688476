// Pages of one's own, in a folder that lives as long as a test.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { configuration } from './config.mjs';
import { Gateway } from './gateway.mjs';
import { test } from './test.mjs';

// body(write, run): write(name, text) puts a file into a folder and returns its path,
// run(what, body) runs a gateway with that in its configuration.
export const testWithFolder = (title, body) => test(title, async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'postern-pages-'));
  const write = (name, text) => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  };
  const run = async (what, look) => {
    const own = new Gateway(configuration(what));
    try {
      await own.start();
      await look(own);
      await own.stop();
    } finally {
      own.kill();
    }
  };
  try {
    await body(write, run);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
