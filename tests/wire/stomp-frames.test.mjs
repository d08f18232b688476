// STOMP frames: however they are cut, whatever they carry, in each version's writing.
// The numbers are those of www/docs/stomp.md.
import assert from 'node:assert/strict';
import { broker, fresh, listening } from './lib/broker.mjs';
import { all, plain, testOver } from './lib/carriers.mjs';
import { frame } from './lib/stomp.mjs';
import { withGateway } from './lib/test.mjs';

const gateway = withGateway(broker({ limits: { frame: 100_000 } }));
const versions = ['1.0', '1.1', '1.2'];
const of = (version) => ({ 'accept-version': version });

// What must be an ERROR, and the end. [sentence, what, versions, the frame]
const refused = [
  ['1', 'a command in small letters', ['1.0', '1.2'], 'send\ndestination:/topic/a\n\nx\0'],
  ['1', 'a command that does not exist', ['1.2'], 'PUBLISH\ndestination:/topic/a\n\nx\0'],
  ['1', 'a header name in capitals', ['1.2'], 'SEND\nDESTINATION:/topic/a\n\nx\0'],
  ['1', 'a command of the server', ['1.2'], 'MESSAGE\ndestination:/topic/a\n\nx\0'],
  ['4', 'a negative length', ['1.0', '1.2'], 'SEND\ndestination:/topic/a\ncontent-length:-1\n\nx\0'],
  ['4', 'a length that is no number', versions, 'SEND\ndestination:/topic/a\ncontent-length:x\n\nx\0'],
  ['4', 'an empty length', ['1.2'], 'SEND\ndestination:/topic/a\ncontent-length:\n\nx\0'],
  ['4', 'a huge length', ['1.1', '1.2'], 'SEND\ndestination:/topic/a\ncontent-length:99999999999999999999\n\nx\0'],
  ['4', 'a length that no NUL follows', versions, 'SEND\ndestination:/topic/a\ncontent-length:1\n\nxyz\0'],
  ['4', 'a bad length on a frame without body', ['1.2'], 'BEGIN\ntransaction:t\ncontent-length:none\n\n\0'],
  ['5', 'a body on SUBSCRIBE', ['1.1', '1.2'], 'SUBSCRIBE\nid:0\ndestination:/topic/a\n\nx\0'],
  ['5', 'a body with its length on SUBSCRIBE', ['1.1', '1.2'], 'SUBSCRIBE\nid:0\ndestination:/topic/a\ncontent-length:1\n\nx\0'],
  ['5', 'a body on DISCONNECT', ['1.2'], 'DISCONNECT\n\nx\0'],
  ['6', 'a line without a colon', versions, 'SEND\ndestination\n\nx\0'],
  ['6', 'a header without a name', versions, 'SEND\n:x\n\nx\0'],
  ['7', 'the escape "\\t"', ['1.1', '1.2'], 'SEND\ndestination:/topic/a\nnote:a\\t\n\nx\0'],
  ['7', 'a backslash at the end', ['1.1', '1.2'], 'SEND\ndestination:/topic/a\nnote:a\\\n\nx\0'],
  ['7', 'the escape "\\r", which came with 1.2', ['1.1'], 'SEND\ndestination:/topic/a\nnote:a\\r\n\nx\0'],
  ['7', 'an unknown escape in a name', ['1.1', '1.2'], 'SEND\ndestination:/topic/a\nno\\te:a\n\nx\0'],
  ['10', 'too many headers', ['1.2'], `SEND\ndestination:/topic/a\n${'a:b\n'.repeat(64)}\nx\0`],
  ['10', 'a header that is too long', ['1.2'], `SEND\ndestination:/topic/a\nnote:${'x'.repeat(9000)}\n\nx\0`],
];
for (const [sentence, what, inThese, text] of refused) {
  for (const version of inThese) {
    const over = version === '1.2' ? all : plain;
    testOver(over, gateway, `${sentence}: ${what} is an ERROR and the end, in ${version}`, async (connect) => {
      const client = await connect(of(version));
      client.send(text);
      await client.fails();
    });
  }
}

testOver(all, gateway, '1: header names differ by their case', async (connect) => {
  const client = await listening(connect());
  client.publish(client.topic, 'x', { Note: 'one', note: 'two', NOTE: 'three' });
  const { Note, note, NOTE } = (await client.frame('MESSAGE')).headers;
  assert.deepEqual([Note, note, NOTE], ['one', 'two', 'three']);
});

for (const version of versions) {
  testOver(all, gateway, `2: lines may end with CRLF in ${version}, and are answered with LF`, async (connect, open) => {
    const client = await open();
    client.send(`CONNECT\r\naccept-version:${version}\r\nhost:a\r\n\r\n\0`);
    await client.frame('CONNECTED');
    const topic = fresh('topic');
    await client.subscribe(topic);
    client.send(`SEND\r\ndestination:${topic}\r\nnote:1\r\n\r\nbody\0\r\n`);
    const { headers, body, data } = await client.frame('MESSAGE');
    assert.deepEqual([headers.note, body], ['1', 'body']);
    assert.ok(!data.includes('\r'));
  });
}

testOver(all, gateway, '3: line ends and NULs before and between frames mean nothing', async (connect, open) => {
  const client = await open();
  client.send('\n\r\n\n').send(`\n${frame('CONNECT', { 'accept-version': '1.2', host: 'a' })}\n\r\n`);
  await client.frame('CONNECTED');
  const topic = fresh('topic');
  client.send('\n').send(`\n\n${frame('SUBSCRIBE', { id: '0', destination: topic, receipt: '1' })}\n`);
  await client.frame('RECEIPT');
  client.send(`\0\n${frame('SEND', { destination: topic }, 'x')}\n\n\0`).publish(topic, 'y');
  assert.equal((await client.frame('MESSAGE')).body, 'x');
  assert.equal((await client.frame('MESSAGE')).body, 'y');
});

testOver(all, gateway, '4: a body with NULs arrives whole when its length is told', async (connect) => {
  const client = await listening(connect());
  client.publish(client.topic, 'a\0b\0', { 'content-length': 4 });
  const { headers, body } = await client.frame('MESSAGE');
  assert.deepEqual([body, headers['content-length']], ['a\0b\0', '4']);
});

testOver(all, gateway, '4: without a length the first NUL ends the body', async (connect) => {
  const client = await listening(connect());
  client.send(`SEND\ndestination:${client.topic}\n\nfirst\0\nSEND\ndestination:${client.topic}\n\nsecond\0`);
  assert.equal((await client.frame('MESSAGE')).body, 'first');
  assert.equal((await client.frame('MESSAGE')).body, 'second');
});

testOver(all, gateway, '4: the length counts octets, not characters', async (connect) => {
  const client = await listening(connect());
  client.publish(client.topic, '你好', { 'content-length': 6 });
  const { headers, body } = await client.frame('MESSAGE');
  assert.deepEqual([body, headers['content-length']], ['你好', '6']);
});

testOver(plain, gateway, '4: a length counts on every command', async (connect, open) => {
  const client = await open();
  client.send('CONNECT\naccept-version:1.2\nhost:a\ncontent-length:0\n\n\0');
  await client.frame('CONNECTED');
  const topic = fresh('topic');
  await client.subscribe(topic, '0', { 'content-length': 0 });
  await client.call('BEGIN', { 'transaction': 't', 'content-length': 0 });
  await client.call('ABORT', { 'transaction': 't', 'content-length': 0 });
  client.publish(topic, '', { 'content-length': 0 });
  assert.equal((await client.frame('MESSAGE')).body, '');
});

testOver(plain, gateway, '5: 1.0 passes over a body where none belongs', async (connect) => {
  const [client, topic] = [await connect(of('1.0')), fresh('topic')];
  client.send(frame('SUBSCRIBE', { id: '0', destination: topic, receipt: '1' }, 'what is this?'));
  await client.frame('RECEIPT');
  client.publish(topic, 'x');
  assert.equal((await client.frame('MESSAGE')).body, 'x');
});

testOver(all, gateway, '6: of repeated headers the first wins', async (connect) => {
  const client = await listening(connect());
  client.send(`SEND\ndestination:${client.topic}\ndestination:/topic/elsewhere\nnote:1\nnote:2\n\nx\0`);
  const { headers } = await client.frame('MESSAGE');
  assert.deepEqual([headers.destination, headers.note], [client.topic, '1']);
});

testOver(plain, gateway, '6: of repeated lengths the first counts', async (connect) => {
  const client = await listening(connect());
  client.send(`SEND\ndestination:${client.topic}\ncontent-length:1\ncontent-length:100\n\nx\0`);
  assert.equal((await client.frame('MESSAGE')).body, 'x');
});

for (const [version, sent, heard] of [
  ['1.0', '  blank ', 'blank '], ['1.1', '  blank ', '  blank '], ['1.2', '  blank ', '  blank '], ['1.2', '', '']]) {
  testOver(plain, gateway, `6: in ${version} the value "${sent}" is "${heard}"`, async (connect) => {
    const client = await listening(connect(of(version)));
    client.publish(client.topic, 'x', { note: sent });
    assert.equal((await client.frame('MESSAGE')).headers.note, heard);
  });
}

testOver(plain, gateway, '7: CONNECT is not unescaped', async (connect) => {
  await connect({ 'host': 'a\\tb', 'client-id': 'x\\' });
});

testOver(plain, gateway, '7: names are escaped like values', async (connect) => {
  const client = await listening(connect());
  client.publish(client.topic, 'x', { 'a\\cb': '1' });
  assert.match(`${(await client.frame('MESSAGE')).data}`, /\na\\cb:1\n/);
});

testOver(plain, gateway, '7: a destination is unescaped before it is looked at', async (connect) => {
  const [client, topic] = [await connect(), fresh('topic')];
  await client.subscribe(`${topic}\\ca`);
  client.publish(`${topic}:a`, 'x');
  assert.equal((await client.frame('MESSAGE')).headers.destination, `${topic}\\ca`);
});

// What a header written by a client of one version looks like to each version.
const written = {
  '1.2 a\\cb\\nc\\\\d\\re': { '1.2': 'a\\cb\\nc\\\\d\\re', '1.1': 'a\\cb\\nc\\\\d e', '1.0': 'a:b c\\d e' },
  '1.1 a\\cb\\nc\\\\d': { '1.2': 'a\\cb\\nc\\\\d', '1.1': 'a\\cb\\nc\\\\d', '1.0': 'a:b c\\d' },
  '1.0 a:b\\nc\\t': { '1.2': 'a\\cb\\\\nc\\\\t', '1.1': 'a\\cb\\\\nc\\\\t', '1.0': 'a:b\\nc\\t' },
  '1.2 a:b': { '1.2': 'a\\cb', '1.1': 'a\\cb', '1.0': 'a:b' },
  '1.2  blank ': { '1.2': ' blank ', '1.1': ' blank ', '1.0': ' blank ' },
  '1.0  blank ': { '1.2': 'blank ', '1.1': 'blank ', '1.0': 'blank ' },
  '1.2 Grüße \u{1F600}': { '1.2': 'Grüße \u{1F600}', '1.1': 'Grüße \u{1F600}', '1.0': 'Grüße \u{1F600}' },
};
for (const [how, seen] of Object.entries(written)) {
  const [version, value] = [how.slice(0, 3), how.slice(4)];
  testOver(plain, gateway, `8: a header "${value}" of ${version} is written for each version`, async (connect) => {
    const topic = fresh('topic');
    for (const [reader, expected] of Object.entries(seen)) {
      const to = await connect(of(reader));
      await to.subscribe(topic);
      (await connect(of(version))).publish(topic, 'x', { note: value });
      assert.equal((await to.frame('MESSAGE')).headers.note, expected, reader);
      await to.call('UNSUBSCRIBE', { id: '0' });
    }
  });
}

for (const version of versions) {
  testOver(plain, gateway, `9: what the server makes needs no escapes, in ${version}`, async (connect) => {
    const [client, queue] = [await connect(of(version)), fresh('queue')];
    client.send(frame('SUBSCRIBE', { id: 'q', destination: queue, ack: 'client' }));
    client.publish(queue, 'x');
    const { headers } = await client.frame('MESSAGE');
    const made = [client.connected.headers.session, client.connected.headers.server, headers['message-id']];
    if (version === '1.2') made.push(headers.ack);
    for (const value of made) assert.match(value, /^[^:\\\r\n]+$/);
  });
}

testOver(all, gateway, '10: a frame may come in single bytes', async (connect) => {
  const client = await listening(connect());
  for (const byte of frame('SEND', { destination: client.topic, note: 'é' }, 'in pieces')) client.send(byte);
  const { headers, body } = await client.frame('MESSAGE');
  assert.deepEqual([headers.note, body], ['é', 'in pieces']);
});

testOver(plain, gateway, '10: a frame may be cut in two anywhere', async (connect) => {
  const client = await listening(connect());
  const bytes = Buffer.from(frame('SEND', { 'destination': client.topic, 'content-length': 6, 'note': 'a\\cé' }, 'ü\0\r\ny'));
  for (let at = 0; at <= bytes.length; at += 1) client.send(bytes.subarray(0, at)).send(bytes.subarray(at));
  for (let at = 0; at <= bytes.length; at += 1) {
    const { headers, body } = await client.frame('MESSAGE');
    assert.deepEqual([headers.note, body], ['a\\cé', 'ü\0\r\ny'], `cut at ${at}`);
  }
});

testOver(plain, gateway, '10: 64 headers may be, and 8 KiB in one', async (connect) => {
  const client = await listening(connect());
  const long = 'x'.repeat(8000);
  client.send(`SEND\ndestination:${client.topic}\nnote:${long}\n${'a:b\n'.repeat(62)}\nx\0`);
  assert.equal((await client.frame('MESSAGE')).headers.note, long);
});

testOver(all, gateway, '10: a long CONNECT is an ERROR: nobody is trusted yet', async (connect, open) => {
  const [client, long] = [await open(), 'x'.repeat(7000)];
  client.send(frame('CONNECT', { 'accept-version': '1.2', 'host': 'a', 'one': long, 'two': long, 'three': long }));
  await client.fails();
});

testOver(all, gateway, '10: a frame that grows beyond the limit is an ERROR, and the end', async (connect) => {
  const client = await connect();
  client.send('SEND\ndestination:/topic/a\n\n');
  for (let i = 0; i < 11; i += 1) client.send('x'.repeat(10_000));
  await client.fails();
});
