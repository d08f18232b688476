// Every recipe of docker/, with the clients that people have: 20 sessions at once on each
// transport. A session that leaves its node, or a stream that is held back, fails.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { after, before } from 'node:test';
import { SockJsClient } from '../lib/clients.mjs';
import { configuration } from '../lib/config.mjs';
import { freePort, Gateway } from '../lib/gateway.mjs';
import { HandClient } from '../lib/hand.mjs';
import { Recipe } from '../lib/recipe.mjs';
import { Socket } from '../lib/stomp.mjs';
import { TcpStomp, tcpPort } from '../lib/tcp.mjs';
import { test } from '../lib/test.mjs';
import { deadline, until } from '../lib/wait.mjs';

const SESSIONS = 20;
const STRANGER = '127.0.0.9'; // trusted by nobody

const byName = ['websocket', 'xhr-streaming', 'eventsource', 'xhr-polling'];
const byHand = ['htmlfile', 'jsonp-polling'];

class PlainSocket extends Socket {
  static open(url) { return super.open(`${url.replace(/^http/, 'ws')}/websocket`); }
}

const transports = {
  'a plain WebSocket': (url) => PlainSocket.open(url),
  ...Object.fromEntries(byName.map((name) => [`SockJS ${name}`, (url) => SockJsClient.open(url, name)])),
  ...Object.fromEntries(byHand.map((name) => [`SockJS ${name}`, (url) => HandClient.open(url, name)])),
};

const sockets = ['a plain WebSocket', 'SockJS websocket'];
const fallbacks = Object.keys(transports).filter((name) => !sockets.includes(name));

// More than one response may carry, so that streams end and begin again.
const texts = [...'abcdef'].map((letter) => `${letter} \u{1F600} ${letter.repeat(1500)}`);

async function converse(opening) {
  const client = await opening;
  for (const text of texts) {
    client.send(text);
    assert.equal(await client.next(), text);
  }
  client.abort();
}

// A recipe in front of its gateways, which run around the tests of one file.
function withRecipe(file, settings, hosts) {
  const place = { gateways: [] };
  before(async () => {
    const ports = {};
    for (const [name, portOf] of Object.entries(hosts)) {
      const known = place.gateways.find(({ name: host }) => host === name.split(':')[0]);
      const gateway = known ?? await new Gateway(configuration(settings)).start();
      if (!known) place.gateways.push(Object.assign(gateway, { name: name.split(':')[0] }));
      ports[name] = portOf(gateway);
    }
    place.recipe = await Recipe.start(file, ports);
  });
  after(async () => {
    await place.recipe?.stop();
    await Promise.all(place.gateways.map((gateway) => gateway.stop()));
  });
  return place;
}

const settings = (prefix, more) => ({
  trusted_proxies: ['127.0.0.1'],
  endpoints: [
    { path: `${prefix}/talk`, handler: 'echo', response_limit: 4096 },
    { path: `${prefix}/same`, handler: 'echo', allowed_origins: [] }, // the same origin only
  ],
  times: { drain: 500, disconnect: 5_000 }, // the clients leave without a word
  limits: { log_lines: 100_000 }, // it is counted by them
  ...more,
});

const webPort = ({ port }) => port;
const one = { 'postern:8080': webPort };
const two = { 'postern-1:8080': webPort, 'postern-2:8080': webPort };
const forwarding = { names: Object.keys(transports), prefix: '' };

const recipes = {
  'nginx/untouched.conf': { hosts: one, names: fallbacks, prefix: '', silent: true },
  'nginx/one-node.conf': { hosts: one, ...forwarding },
  'nginx/several-nodes.conf': { hosts: two, ...forwarding },
  'nginx/prefix.conf': { hosts: { ...one, 'site:8000': webPort }, ...forwarding, prefix: '/gateway' },
  'haproxy/one-node.cfg': { hosts: one, ...forwarding },
  'haproxy/several-nodes.cfg': { hosts: two, ...forwarding },
  'haproxy/proxy-protocol.cfg': {
    hosts: { ...one, 'postern:61613': tcpPort }, ...forwarding,
    more: { proxy_protocol: true, tcp: { listen: '127.0.0.1:0' } },
  },
};

// What the log says at the end of such a session.
const endedOf = (address, endpoint) => (
  new RegExp(`session ended:.* endpoint=${endpoint} .* address=${address} `));

// The status of a GET through the proxy.
async function status(url, options) {
  const asked = (url.startsWith('https:') ? https : http).request(url, { agent: false, ...options }).end();
  const [answer] = await deadline(`${url} answers`, once(asked, 'response'));
  answer.resume();
  return answer.statusCode;
}

for (const [file, { hosts, names, prefix, silent, more }] of Object.entries(recipes)) {
  const place = withRecipe(file, settings(prefix, more), hosts);
  const logs = () => place.gateways.map(({ log }) => log).join('');

  for (const name of names) {
    test(`${file}: ${SESSIONS} sessions talk over ${name}`, async () => {
      const url = `${place.recipe.url}${prefix}/talk`;
      await Promise.all(Array.from({ length: SESSIONS }, () => converse(transports[name](url))));
    });
  }

  test(`${file}: no request has missed its session`, async () => {
    const ended = (log) => log.split(/session ended:.* endpoint=/).filter((line) => line.startsWith(`${prefix}/talk `)).length;
    await until('all sessions have ended', () => ended(logs()) === SESSIONS * names.length);
    assert.doesNotMatch(logs(), /sticky sessions/);
    for (const { name, log } of place.gateways) {
      if (name !== 'site') assert.ok(ended(log) > 0, `${name} has sessions`);
    }
  });

  if (silent) continue;

  test(`${file}: a session has the address of its client`, async () => {
    const url = `${place.recipe.ws}${prefix}/talk/websocket`;
    const socket = await Socket.open(url, [], { localAddress: STRANGER });
    socket.abort();
    await until('its session ends', () => endedOf(STRANGER, `${prefix}/talk`).test(logs()));
  });

  test(`${file}: the same origin is the one that the browser sees`, async () => {
    const info = (Origin) => status(`${place.recipe.url}${prefix}/same/info`, { headers: { Origin } });
    assert.equal(await info(place.recipe.url), 200);
    assert.equal(await info(`${place.recipe.url}1`), 403);
    assert.equal(await info('https://evil.example'), 403);
    const socket = await Socket.open(`${place.recipe.ws}${prefix}/same`, [], { origin: place.recipe.url });
    socket.abort();
    await assert.rejects(Socket.open(`${place.recipe.ws}${prefix}/same`, [], { origin: 'https://evil.example' }), /403/);
  });

  // Where bytes pass through, nobody says which scheme it is.
  if (!more) test(`${file}: a scheme that is not the browser's is another origin`, async () => {
    const { url } = place.recipe;
    const other = url.startsWith('https:') ? url.replace('https:', 'http:') : url.replace('http:', 'https:');
    assert.equal(await status(`${url}${prefix}/same/info`, { headers: { Origin: other } }), 403);
  });

  if (!more) continue;

  test(`${file}: plain STOMP has the address of its client`, async () => {
    const stomp = await new TcpStomp(place.recipe.ports[61613], STRANGER).greet();
    await stomp.subscribe('/topic/a');
    stomp.abort();
    await until('its session ends', () => endedOf(STRANGER, 'tcp').test(logs()));
  });
}

// Its Host is the proxy's own, so the site must be named.
test('nginx/untouched.conf: every fallback works for the site that is named, and for no other', async () => {
  const port = await freePort();
  const recipe = await Recipe.start('nginx/untouched.conf', { 'postern:8080': port });
  const gateway = new Gateway(configuration({ ...settings(''), allowed_origins: [recipe.url] }), { port });
  const url = `${recipe.url}/talk`;
  try {
    await gateway.start();
    for (const name of ['xhr-streaming', 'eventsource', 'xhr-polling', 'htmlfile']) {
      await converse(HandClient.open(url, name, { headers: { Origin: recipe.url } }));
    }
    assert.equal(await status(`${url}/info`, { headers: { Origin: 'https://evil.example' } }), 403);

    const client = await SockJsClient.open(url); // by whatever transport it finds
    assert.equal(client.socket.transport, 'xhr-streaming');
    client.abort();
    await gateway.stop();
  } finally {
    gateway.kill();
    await recipe.stop();
  }
});

test('compose.proxy.yaml: its gateways serve behind its nginx', async () => {
  const docker = new URL('../../../docker/', import.meta.url);
  const compose = readFileSync(new URL('compose.proxy.yaml', docker), 'utf8');
  const [, file] = compose.match(/\.\/([^:\s]+\.json):/);
  const [, conf] = compose.match(/\.\/([^:\s]+\.conf):/);
  const names = compose.match(/^ {2}postern-\d+(?=:)/gm).map((name) => name.trim());
  const nodes = names.map(() => new Gateway(JSON.parse(readFileSync(new URL(file, docker), 'utf8'))));
  let recipe;
  try {
    await Promise.all(nodes.map((node) => node.start()));
    recipe = await Recipe.start(conf, Object.fromEntries(names.map((name, i) => [`${name}:8080`, nodes[i].port])));
    const client = await SockJsClient.open(`${recipe.url}/chat`, 'xhr-polling');
    client.abort();
    assert.equal(await status(`${recipe.url}/chat.html`), 200);
    await Promise.all(nodes.map((node) => node.stop()));
  } finally {
    nodes.forEach((node) => node.kill());
    await recipe?.stop();
  }
});
