// A reader of a document, who does what it says in a folder of his own.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { binary } from './gateway.mjs';
import { Issuer } from './tokens.mjs';

// npm uses the registry and the cache that the tests' own packages come from.
const npm = {
  npm_config_userconfig: process.env.npm_config_userconfig ?? path.join(homedir(), '.npmrc'),
  npm_config_cache: process.env.npm_config_cache ?? path.join(homedir(), '.npm'),
  npm_config_prefer_offline: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
};

// Programs that the reader finds after all others, where a machine lacks the real ones.
const standIns = fileURLToPath(new URL('without-npm', import.meta.url));

// The reader's environment: that of the tests, without what configures a gateway.
const outside = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN')));

export class Reader {
  constructor() {
    this.folder = mkdtempSync(path.join(tmpdir(), 'postern-reader-'));
    mkdirSync(path.join(this.folder, 'pages'));
    writeFileSync(path.join(this.folder, 'id.example.jwks.json'), JSON.stringify(new Issuer().jwks));
  }

  close() { rmSync(this.folder, { recursive: true }); }

  // A configuration as a test can start it, elsewhere than in the reader's folder: it lets the
  // kernel choose the ports.
  startable({ www, admin, tokens, ...rest }) {
    if (admin?.listen) admin.listen = '127.0.0.1:0';
    const beside = (text) => text?.replace(/^file:(?!\/)/, `file:${this.folder}/`);
    const issuers = tokens?.map(({ keys, secrets, ...more }) => ({
      ...more, ...(keys && { keys: path.resolve(this.folder, keys) }),
      ...(secrets && { secrets: [secrets].flat().map(beside) }) }));
    return { ...rest, ...(admin && { admin }), ...(issuers && { tokens: issuers }),
      ...(www !== undefined && { www: www && path.join(this.folder, www) }) };
  }

  // Runs as a shell would; fails when any of its commands does. The gateway's addresses
  // stand for those in the text.
  shell(text, gateway) {
    const here = text.replaceAll('localhost:8080', () => `127.0.0.1:${gateway.port}`)
      .replaceAll('localhost:8081', () => `127.0.0.1:${gateway.adminPort}`);
    const env = {
      ...outside, ...npm, PATH: `${path.dirname(binary)}:${process.env.PATH}:${standIns}`, HOME: this.folder,
      ...(gateway && { POSTERN_LISTEN: `127.0.0.1:${gateway.port}` }),
    };
    return new Promise((resolve, reject) => {
      execFile('sh', ['-eu', '-c', here], { cwd: this.folder, env, timeout: 100_000 },
        (error, stdout, stderr) => (error ? reject(new Error(`${text}${stdout}${stderr}`)) : resolve(stdout)));
    });
  }
}
