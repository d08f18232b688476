// Runs the very files of docker/nginx and docker/haproxy: only names, ports and paths are
// replaced, since they stand there as they do on a server.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { freePort } from './gateway.mjs';
import { Wire } from './http.mjs';
import { deadline, until } from './wait.mjs';

const docker = fileURLToPath(new URL('../../../docker/', import.meta.url));

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGTERM')));

// What /etc/nginx/nginx.conf is elsewhere.
const nginxAround = (folder) => `
${process.getuid() === 0 ? 'user root;' : ''}
daemon off;
worker_processes 2;
pid ${folder}/nginx.pid;
error_log stderr;
events { worker_connections 1024; }
http {
  access_log off;
${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((what) => `  ${what}_temp_path ${folder}/${what};\n`).join('')}
  include ${folder}/recipe;
}
`;

const kinds = {
  nginx: {
    listens: /(?<=\blisten )(\d+)/g,
    command(folder) {
      writeFileSync(`${folder}/nginx.conf`, nginxAround(folder));
      return ['/usr/sbin/nginx', '-e', 'stderr', '-p', folder, '-c', `${folder}/nginx.conf`];
    },
  },
  haproxy: {
    listens: /(?<=\bbind ):(\d+)/g,
    command: (folder) => ['/usr/sbin/haproxy', '-db', '-f', `${folder}/recipe`],
  },
};

// All clients of this process believe the certificate: sockjs-client cannot be told to.
function trust(certificate) {
  const { createSecureContext } = tls;
  tls.createSecureContext = (options) => {
    const made = createSecureContext(options);
    made.context.addCACert(certificate);
    return made;
  };
}

// A key and a certificate that signs itself, in the files that the recipes name.
function makeCertificate(folder) {
  const key = `${folder}/privkey.pem`, chain = `${folder}/fullchain.pem`;
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
    '-keyout', key, '-out', chain], { stdio: 'ignore' });
  writeFileSync(`${folder}/site.pem`, readFileSync(chain, 'utf8') + readFileSync(key, 'utf8'));
  trust(readFileSync(chain));
}

export class Recipe {
  // hosts: what stands for each name in the file, as {'postern:8080': port}.
  static async start(file, hosts) {
    const recipe = new Recipe();
    recipe.file = file;
    recipe.folder = mkdtempSync(path.join(tmpdir(), 'postern-'));
    const kind = kinds[path.dirname(file)];
    writeFileSync(`${recipe.folder}/recipe`, await recipe.#prepare(kind, hosts));
    if (recipe.secure) makeCertificate(recipe.folder);
    recipe.#spawn(kind.command(recipe.folder));
    await recipe.#listens();
    return recipe;
  }

  async #prepare({ listens }, hosts) {
    let text = readFileSync(path.join(docker, this.file), 'utf8').replace(/^\s*#.*\n/gm, '');
    this.secure = /\bssl\b/.test(text);
    this.ports = {};
    for (const [, port] of text.matchAll(listens)) this.ports[port] = await freePort();
    text = text.replace(listens, (found, port) => `127.0.0.1:${this.ports[port]}`);
    for (const [name, port] of Object.entries(hosts)) {
      assert.ok(text.includes(`${name}`), `${this.file} has no ${name}`);
      text = text.replaceAll(new RegExp(`(?<=[ /])${name}\\b`, 'g'), `127.0.0.1:${port}`);
    }
    return text.replace(/\/etc\/(nginx\/tls|haproxy)\//g, `${this.folder}/`);
  }

  get port() { return Object.values(this.ports)[0]; }
  get url() { return `http${this.secure ? 's' : ''}://127.0.0.1:${this.port}`; }
  get ws() { return this.url.replace(/^http/, 'ws'); }

  #spawn([program, ...args]) {
    this.log = '';
    this.child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    running.add(this.child);
    this.child.stderr.setEncoding('utf8').on('data', (text) => { this.log += text; });
    this.exit = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(error.message));
      this.child.once('close', (code, signal) => resolve(signal ?? code));
    }).then((how) => {
      running.delete(this.child);
      this.ended = how ?? 'ended';
    });
  }

  #listens() {
    return until(`${this.file} listens`, async () => {
      assert.equal(this.ended, undefined, `${this.file}: ${this.log}`);
      const wires = await Promise.allSettled(Object.values(this.ports).map((port) => Wire.open(port)));
      wires.forEach(({ value }) => value?.abort());
      return wires.every(({ status }) => status === 'fulfilled');
    });
  }

  kill() { this.child.kill('SIGTERM'); }

  async stop() {
    this.kill();
    await deadline(`${this.file} ends`, this.exit);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
