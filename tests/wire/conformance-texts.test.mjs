// SockJS: every text goes through every transport both ways, and comes back to the byte as
// the protocol quotes it: all 65,536 code units, halves of pairs and NUL among them, whole
// pairs, and what some encoding might mistake for its own.
import assert from 'node:assert/strict';
import { conformance } from './lib/conformance.mjs';
import { ask } from './lib/http.mjs';
import { escape, hardTexts, messageFrame, wellFormed } from './lib/quoting.mjs';
import { next, receivers, request, wait } from './lib/receivers.mjs';
import { Session } from './lib/sockjs.mjs';
import { Socket } from './lib/stomp.mjs';
import { test, withGateway } from './lib/test.mjs';

const endpoint = (path, handler) => ({ path, handler, response_limit: 1 << 30 });
const gateway = withGateway(conformance({ endpoints: [endpoint('/echo', 'echo'), endpoint('/broadcast', 'broadcast')] }));

// The channels: open() returns send(json), and heard(), which compares what comes with the
// frame that must come, both as the transport writes it.

const form = (json) => `d=${encodeURIComponent(json)}`;
const plain = (json) => json;

const overHttp = (receiver, name, headers = {}, write = plain) => ({
  name,
  async open(path) {
    const session = new Session(gateway.port, path);
    const wire = await wait(session, receiver);
    return {
      async send(json) {
        const { status } = await ask(gateway.port, `POST ${session.url}/${receiver.send}`, { headers, body: write(json) });
        assert.ok([200, 204].includes(status), `${status}`);
      },
      async heard(what, frame) {
        assert.ok(await next(wire, receiver) === receiver.wrap(frame), what);
        if (!receiver.prelude) await wire.writeOut(request(session, receiver.line));
      },
      abort: () => wire.abort(),
    };
  },
});

const overWebSocket = {
  name: 'websocket',
  async open(path) {
    const socket = await Socket.open(`${gateway.ws}${path}/000/${Math.random().toString(36).slice(2)}/websocket`);
    assert.equal(await socket.next(), 'o');
    return {
      send: async (json) => socket.send(json),
      heard: async (what, frame) => assert.ok(await socket.next() === frame, what),
      abort: () => socket.abort(),
    };
  },
};

const channels = [
  ...receivers.flatMap((receiver) => (receiver.send === 'xhr_send' ? [overHttp(receiver, receiver.name)] : [
    overHttp(receiver, `${receiver.name} and a form`, { 'Content-Type': 'application/x-www-form-urlencoded' }, form),
    overHttp(receiver, `${receiver.name} and text`, { 'Content-Type': 'text/plain' }),
  ])),
  overWebSocket,
];

// Code units.

const times = (count, make) => Array.from({ length: count }, (_, i) => make(i));

// Blocks of 1,024, so that no half of a pair meets the other one.
const blocks = times(64, (block) => String.fromCharCode(...times(1024, (i) => block * 1024 + i)));
const half = (text) => text >= '\ud800' && text < '\ue000';
const wholeBlocks = blocks.filter((block) => !half(block));

// Each half in several pairs.
const pairs = ['\udc00', '\ude00', '\udfff'].map((low) => times(1024, (i) => String.fromCharCode(0xd800 + i) + low).join(''))
  .concat(['\ud800', '\ud83d', '\udbff'].map((high) => times(1024, (i) => high + String.fromCharCode(0xdc00 + i)).join('')));

// The two halves as a page may cut them.
const cut = ['\ud83d\ud83d\ude00', '\ude00\ud83d', '\ud83d\ude00\ude00', 'a\ud83d', '\ude00z', '\udbff\udfff\ud800'];

const everyUnit = (text, write) => `"${text.split('').map(write).join('')}"`;

// How a client may write a text in JSON.
const writings = {
  'as JSON.stringify() does': (text) => JSON.stringify(text),
  'with each code unit escaped': (text) => everyUnit(text, (unit) => escape(unit.charCodeAt(0))),
  'with each code unit escaped in capitals': (text) => (
    everyUnit(text, (unit) => `\\u${unit.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`)),
};

const groups = (all, size) => times(Math.ceil(all.length / size), (i) => all.slice(i * size, (i + 1) * size));

async function echo(channel, write, groupsOfTexts) {
  const client = await channel.open('/echo');
  for (const [i, texts] of groupsOfTexts.entries()) {
    await client.send(`[${texts.map(write).join()}]`);
    await client.heard(`group ${i}, ${JSON.stringify(texts).slice(0, 50)}`, messageFrame(...texts));
  }
  client.abort();
}

// [what is sent, how it must come back], written out once.
const written = {
  'ASCII and other scripts are sent as they are': ['Grüße 你好 {}/<>&\'', 'Grüße 你好 {}/<>&\''],
  'quotes, backslashes and control characters are escaped': [
    '"\\\b\t\n\f\r\u0000\u001f\u007f', '\\"\\\\\\b\\t\\n\\f\\r\\u0000\\u001f\u007f'],
  'characters that old clients lose are escaped in lower case': [
    '\u200c\u200f\u2028\u2029\u202f\u2060\u206f\ufff0\uffff',
    '\\u200c\\u200f\\u2028\\u2029\\u202f\\u2060\\u206f\\ufff0\\uffff'],
  'their neighbours are not': [
    '\u200b\u2010\u2027\u2030\u205f\u2070\uffef', '\u200b\u2010\u2027\u2030\u205f\u2070\uffef'],
  'a pair is one character': ['\u{1F600}', '\u{1F600}'],
  'halves of pairs are escaped': ['a\ud800b\udfffc', 'a\\ud800b\\udfffc'],
};
for (const [what, [text, quoted]] of Object.entries(written)) {
  test(`in a frame, ${what}`, async () => {
    const client = await overWebSocket.open('/echo');
    for (const write of Object.values(writings)) {
      await client.send(`[${write(text)}]`);
      await client.heard(what, `a["${quoted}"]`);
    }
    client.abort();
  });
}

for (const channel of channels) {
  for (const [how, write] of Object.entries(writings)) {
    test(`all code units and pairs, written ${how}, come back over ${channel.name} to the byte`, () => (
      echo(channel, write, groups([...blocks, ...pairs, ...cut], 4))));
  }

  test(`each code unit by itself comes back over ${channel.name} to the byte`, () => (
    echo(channel, writings['as JSON.stringify() does'], blocks.map((block) => block.split('')))));

  for (const text of hardTexts.slice(0, 5)) {
    test(`${JSON.stringify(text).replace('\u2028', '\\u2028')} comes back over ${channel.name} to the byte`, async () => {
      for (const write of Object.values(writings)) {
        await echo(channel, write, [[text], [`a${text}b`, text.repeat(3)], [text + text]]);
      }
    });
  }

  test(`other hard texts come back over ${channel.name} to the byte`, async () => {
    for (const write of Object.values(writings)) {
      await echo(channel, write, [...hardTexts.map((text) => [text]), hardTexts, [hardTexts.join('')]]);
    }
  });
}

// A raw WebSocket has UTF-8, and no half of a pair.

test('all characters come back over a raw WebSocket as they were', async () => {
  const socket = await Socket.open(`${gateway.ws}/echo/websocket`);
  for (const text of [...wholeBlocks, ...pairs, ...hardTexts.map(wellFormed)]) {
    socket.send(text);
    assert.ok(await socket.next() === text, JSON.stringify(text).slice(0, 50));
  }
  await socket.close();
});

for (const channel of channels) {
  test(`what a raw WebSocket says is quoted for ${channel.name}`, async () => {
    const [socket, client] = [await Socket.open(`${gateway.ws}/broadcast/websocket`), await channel.open('/broadcast')];
    for (const text of [...wholeBlocks, ...pairs, ...hardTexts.map(wellFormed)]) {
      socket.send(text);
      await client.heard(JSON.stringify(text).slice(0, 50), messageFrame(text));
    }
    client.abort();
    await socket.close();
  });

  test(`what ${channel.name} sends is heard by a raw WebSocket, with U+FFFD for halves of pairs`, async () => {
    const [socket, client] = [await Socket.open(`${gateway.ws}/broadcast/websocket`), await channel.open('/broadcast')];
    for (const text of [...blocks, ...pairs, ...cut, ...hardTexts]) {
      await client.send(JSON.stringify([text]));
      assert.ok(await socket.next() === wellFormed(text), JSON.stringify(text).slice(0, 50));
      await client.heard(JSON.stringify(text).slice(0, 50), messageFrame(text));
    }
    client.abort();
    await socket.close();
  });
}
