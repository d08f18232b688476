// The command line: commands, their options, and the environment.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { runPostern, runPosternWith } from './lib/gateway.mjs';
import { test } from './lib/test.mjs';

const folder = mkdtempSync(path.join(tmpdir(), 'postern-'));
mkdirSync(path.join(folder, 'pages'));
after(() => rmSync(folder, { recursive: true }));

function file(name, content) {
  const where = path.join(folder, name);
  writeFileSync(where, typeof content === 'string' ? content : JSON.stringify(content));
  return where;
}

test('the overview names every command, and each has help of its own', async () => {
  const { status, stdout } = await runPostern('--help');
  assert.equal(status, 0);
  const names = [...stdout.matchAll(/^ {2}([a-z-]+) +[a-z]/gm)].map(([, name]) => name);
  assert.ok(names.includes('serve') && names.includes('healthcheck'));
  for (const name of names) {
    const help = await runPostern(name, '--help');
    assert.equal(help.status, 0, name);
    assert.match(help.stdout, new RegExp(`^Usage: postern ${name}`));
    assert.equal(help.stderr, '');
    assert.deepEqual(await runPostern('help', name), help);
    assert.deepEqual(await runPostern(name, '-h'), help);
  }
  const overview = await runPostern('--help');
  for (const word of ['-h', 'help']) assert.deepEqual(await runPostern(word), overview, word);
});

for (const word of ['version', '--version', '-v']) {
  test(`${word} says which version it is`, async () => {
    const { status, stdout, stderr } = await runPostern(word);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /^postern \d+\.\d+\.\d+\n$/);
  });
}

// Every option of print-config, which has all, and every command.
async function commandsAndOptions() {
  const overview = (await runPostern('help')).stdout;
  const document = (await runPostern('print-config', '--document')).stdout;
  const defaults = JSON.parse((await runPostern('print-config', '--defaults')).stdout);
  const leaves = Object.entries(defaults).flatMap(([key, value]) => (
    value instanceof Object && !Array.isArray(value) ? Object.keys(value).map((inner) => `${key}.${inner}`) : [key]));
  const own = [...(await runPostern('print-config', '--help')).stdout.matchAll(/^ {2}(?:-., )?--([a-z]+)/gm)];
  const flags = own.map(([, name]) => name);
  for (const leaf of leaves) assert.ok(document.includes(`\`${leaf.split('.').at(-1)}\``), leaf);
  // print-config leaves out what has no default
  const names = new Set([...flags, ...leaves.map((leaf) => leaf.replaceAll('_', '-'))]);
  return { commands: [...overview.matchAll(/^ {2}([a-z-]+) +[a-z]/gm)].map(([, name]) => name), options: [...names] };
}

test('the manual page has every command, option and variable', async () => {
  const { status, stdout, stderr } = await runPostern('man');
  assert.deepEqual([status, stderr], [0, '']);
  const text = stdout.replaceAll('\\-', '-').replace(/\\f[BIR]/g, '');
  const { commands, options } = await commandsAndOptions();
  assert.ok(commands.includes('man') && options.includes('limits.queue-bytes') && options.includes('config'));
  for (const command of commands) assert.match(text, new RegExp(`^\\.TP\n${command}( [A-Z]+)?$`, 'm'));
  for (const option of options) assert.match(text, new RegExp(`^(-., )?--${option}( [A-Z]+)?(,|$)`, 'm'), option);
  assert.match(text, /^--limits\.queue-bytes, POSTERN_LIMITS__QUEUE_BYTES$/m);
  assert.match(text, /Default: 10000 milliseconds\./);
});

test('bash completes commands, options and values', async () => {
  file('good.json', {});
  const { status, stdout, stderr } = await runPostern('completion');
  assert.deepEqual([status, stderr], [0, '']);
  const complete = (...words) => {
    const list = words.map((word) => `'${word}'`).join(' ');
    const script = `${stdout}\nCOMP_WORDS=(${list}); COMP_CWORD=${words.length - 1}; _postern; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const bash = spawnSync('bash', ['-c', script], { encoding: 'utf8', cwd: folder });
    assert.deepEqual([bash.status, bash.stderr], [0, ''], words.join(' '));
    return bash.stdout.trim().split('\n');
  };
  const { commands, options } = await commandsAndOptions();
  assert.deepEqual(complete('postern', '').sort(), ['--help', '--version', ...commands].sort());
  assert.deepEqual(complete('postern', 'ser'), ['serve']);
  const offered = complete('postern', 'print-config', '--');
  for (const option of options) assert.ok(offered.includes(`--${option}`), option);
  assert.deepEqual(complete('postern', 'serve', '--log-level', ''), ['debug', 'info', 'warn', 'error']);
  assert.deepEqual(complete('postern', 'serve', '--require-origin', 't'), ['true']);
  assert.deepEqual(complete('postern', 'help', 'check'), ['check-config']);
  assert.deepEqual(complete('postern', 'serve', '-c', 'goo'), ['good.json']);
});

test('the configuration of the Debian package is the demo, for this machine only', async () => {
  const packaged = new URL('../../docker/deb/postern.json', import.meta.url).pathname;
  const checked = await runPostern('check-config', '-c', packaged);
  assert.deepEqual([checked.status, checked.stderr], [0, '']);
  const { listen, admin, ...rest } = JSON.parse(readFileSync(packaged, 'utf8'));
  assert.deepEqual([listen, admin], ['127.0.0.1:8080', { listen: '127.0.0.1:8081' }]);
  const demo = JSON.parse(readFileSync(new URL('../../gateway/config/demo.json', import.meta.url), 'utf8'));
  delete demo.listen;
  assert.deepEqual(rest, demo);
});

const mistakes = [
  ['an unknown command', ['sreve'], /unknown command sreve \(did you mean serve\?\)/],
  ['an unknown option', ['serve', '--lisen=:1'], /unknown option --lisen \(did you mean --listen\?\)/],
  ['an abbreviated option', ['check-config', '--conf', '/dev/null'], /unknown option --conf \(did you mean --config\?\)/],
  ['an abbreviated flag', ['print-config', '--def'], /unknown option --def \(did you mean --defaults\?\)/],
  ['an abbreviation of several', ['check-config', '--limits', '1'], /unknown option --limits\n/],
  ['an option without its section', ['check-config', '--queue-bytes', '1'], /unknown option --queue-bytes \(did you mean --limits\.queue-bytes\?\)/],
  ['an unknown letter', ['check-config', '-x'], /unknown option -x\n/],
  ['an unknown option with a secret', ['serve', '--admin.tokn=0123456789abcdef'], /unknown option --admin\.tokn \(did you mean --admin\.token\?\)/],
  ['a value that an option does not take', ['print-config', '--defaults=yes'], /--defaults takes no value/],
  ['a command that help does not know', ['help', 'sreve'], /unknown command sreve \(did you mean serve\?\)/],
  ['an option that another command has', ['version', '--listen', ':1'], /unknown option --listen/],
  ['an option without its value', ['check-config', '--listen'], /--listen needs a value/],
  ['a word too many', ['check-config', 'postern.json'], /too many words: postern\.json/],
];
for (const [what, args, sentence] of mistakes) {
  test(`${what} is refused`, async () => {
    const { status, stderr } = await runPostern(...args);
    assert.equal(status, 1);
    assert.match(stderr, sentence);
    assert.doesNotMatch(stderr, /0123456789abcdef/);
    assert.match(stderr, /Try: postern --help\n$/);
  });
}

test('check-config says that nothing is wrong', async () => {
  const good = file('good.json', { endpoints: [{ path: '/chat' }] });
  const { status, stdout, stderr } = await runPostern('check-config', '--config', good);
  assert.deepEqual([status, stdout, stderr], [0, `${good}: nothing is wrong\n`, '']);
});

test('-c and --config name the file, with or without a "="', async () => {
  const good = file('good.json', { endpoints: [{ path: '/chat' }] });
  for (const words of [['-c', good], ['--config', good], [`--config=${good}`]]) {
    const { status, stdout, stderr } = await runPostern('check-config', ...words);
    assert.deepEqual([status, stdout, stderr], [0, `${good}: nothing is wrong\n`, ''], words.join(' '));
  }
});

test('check-config tells every mistake with its place', async () => {
  const bad = file('bad.json', '{\n  "limits": {"frame": 10,\n    "queue_byte": 5}, "workers": -1\n}\n');
  const { status, stdout, stderr } = await runPostern('check-config', '--config', bad, '--log-level', 'inof');
  assert.equal(status, 1);
  assert.equal(stdout, '');
  assert.deepEqual(stderr.split('\n'), [
    `postern: ${bad}:3:23: workers: must be from 0 to 256`,
    'postern: --log-level: log_level: must be one of debug, info, warn, error (did you mean "info"?)',
    `postern: ${bad}:3:5: limits.queue_byte: is not a known key (did you mean "queue_bytes"?)`,
    `postern: ${bad}:2:14: limits.frame: must be from 256 to 1073741824 bytes`,
    '',
  ]);
});

test('every variable that is none is told', async () => {
  const { status, stderr } = await runPosternWith({ POSTERN_LISTN: '1', POSTERN_WORKER: '1' }, 'check-config');
  assert.equal(status, 1);
  assert.match(stderr, /^postern: environment: POSTERN_LISTN: is not a known variable \(did you mean "POSTERN_LISTEN"\?\)$/m);
  assert.match(stderr, /^postern: environment: POSTERN_WORKER: is not a known variable \(did you mean "POSTERN_WORKERS"\?\)$/m);
});

const advice = [
  ['no endpoints', {}, 'endpoints: there are none, and no tcp.listen: no client can connect'],
  ['empty endpoints', { endpoints: [] }, 'endpoints: there are none, and no tcp.listen: no client can connect'],
  ['a reply that no handler uses', { endpoints: [{ path: '/a', reply: 'Hello' }] },
    'endpoints[0].reply: only the handler "reply" uses it, and this is "stomp"'],
  ['an identity for whoever reaches a listener', { endpoints: [{ path: '/a' }], tcp: { listen: '0.0.0.0:61613', user: 'worker' } },
    'tcp.user: every client that reaches 0.0.0.0:61613 has the rights of "worker", also from other machines'],
];
const ruled = (...rules) => ({ tcp: { listen: '127.0.0.1:61613' }, rules });
const undone = (index, later, action) => (
  `rules[${index}]: keeps nobody out: rules[${later}] allows ${action} there to others too, unless a rule between them denies it`);
const [closed, all] = [{ match: '/topic/ops/**', groups: 'sre', allow: ['subscribe', 'send'] }, { match: '/topic/**', login: true, allow: 'subscribe' }];
advice.push(
  ['a rule for a group that a later rule undoes', ruled(closed, all), undone(0, 1, 'subscribe')],
  ['a rule for a user that a later rule undoes', ruled({ match: '/topic/a', users: 'ana', allow: 'send' }, closed, { match: '/**', allow: 'send' }), undone(0, 2, 'send')],
);
for (const [what, configuration, sentence] of advice) {
  test(`check-config warns of ${what}`, async () => {
    const odd = file('odd.json', configuration);
    const { status, stdout, stderr } = await runPostern('check-config', '-c', odd);
    assert.deepEqual([status, stdout, stderr], [0, `${odd}: nothing is wrong\n`, `postern: warning: ${sentence}\n`]);
  });
}

for (const [what, ...rules] of [
  ['a deny closes the destination', closed, { match: '/topic/ops/**', deny: 'subscribe' }, all],
  ['the later rule is for others', closed, { match: '/topic/news', allow: 'subscribe' }],
  ['both are for some', closed, { ...all, users: 'ana' }],
  ['the later rule allows something else', { ...closed, allow: 'send' }, all],
]) {
  test(`check-config does not warn of a rule for a group where ${what}`, async () => {
    const { status, stderr } = await runPostern('check-config', '-c', file('rules.json', ruled(...rules)));
    assert.deepEqual([status, stderr], [0, '']);
  });
}

test('check-config does not warn where plain STOMP is all that is spoken', async () => {
  const tcp = file('tcp.json', { tcp: { listen: '127.0.0.1:61613' } });
  const { status, stderr } = await runPostern('check-config', '-c', tcp);
  assert.deepEqual([status, stderr], [0, '']);
});

test('the file can be named in the environment', async () => {
  const other = file('other.json', { workers: 'many' });
  const { stderr } = await runPosternWith({ POSTERN_CONFIG: other }, 'check-config');
  assert.equal(stderr, `postern: ${other}:1:2: workers: must be a whole number\n`);
  const good = file('good.json', {});
  const { status } = await runPosternWith({ POSTERN_CONFIG: other }, 'check-config', '--config', good);
  assert.equal(status, 0);
});

const settings = [
  ['a variable that is none', { POSTERN_LIMITS_FRAME: '1' }, [],
    'environment: POSTERN_LIMITS_FRAME: is not a known variable (did you mean "POSTERN_LIMITS__FRAME"?)'],
  ['a value out of bounds', { POSTERN_LIMITS__FRAME: '1' }, [],
    'environment: POSTERN_LIMITS__FRAME: limits.frame: must be from 256 to 1073741824 bytes'],
  ['a value of a flag', {}, ['--log-level', 'inof'],
    '--log-level: log_level: must be one of debug, info, warn, error (did you mean "info"?)'],
  ['JSON that is none', { POSTERN_ENDPOINTS: '[{"path": "/a"' }, [],
    'environment: POSTERN_ENDPOINTS: column 14: \'}\' expected near end of file'],
  ['a mistake inside of JSON', {}, ['--endpoints', '[{"path": "/a"}, {"path": "/b", "hander": "echo"}]'],
    '--endpoints: endpoints[1].hander: is not a known key (did you mean "handler"?)'],
  ['a flag over the environment', { POSTERN_WORKERS: '1' }, ['--workers', '1000'],
    '--workers: workers: must be from 0 to 256'],
];
for (const [what, env, args, sentence] of settings) {
  test(`a mistake is told with its source: ${what}`, async () => {
    const { status, stderr } = await runPosternWith(env, 'check-config', ...args);
    assert.deepEqual([status, stderr], [1, `postern: ${sentence}\n`]);
  });
}

test('what Kubernetes and Docker say of a service called postern does not matter', async () => {
  const { status, stderr } = await runPosternWith({
    POSTERN_SERVICE_HOST: '10.0.0.7',
    POSTERN_SERVICE_PORT: '8080',
    POSTERN_PORT: 'tcp://10.0.0.7:8080',
    POSTERN_PORT_8080_TCP_ADDR: '10.0.0.7',
  }, 'check-config');
  assert.deepEqual([status, stderr], [0, '']);
  const port = await runPosternWith({ POSTERN_PORT: '9000' }, 'check-config');
  assert.equal(port.status, 1);
});

// What print-config prints, as text and as what it says.
async function printed(env, ...args) {
  const { status, stdout, stderr } = await runPosternWith(env, 'print-config', ...args);
  assert.deepEqual([status, stderr], [0, '']);
  return { text: stdout, values: JSON.parse(stdout) };
}

const token = '0123456789abcdef';
const hash = '$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7';

test('print-config hides secrets, and prints them when told to', async () => {
  const some = file('secrets.json', { endpoints: [{ path: '/a' }], admin: { token }, users: [{ login: 'ana', password: hash }] });
  const { status, stdout, stderr } = await runPostern('print-config', '-c', some);
  assert.equal(status, 0);
  assert.match(stderr, /^postern: secrets are hidden \(2\), .*--secrets/);
  for (const secret of [token, hash]) assert.ok(!stdout.includes(secret) && !stderr.includes(secret));
  const values = JSON.parse(stdout);
  assert.deepEqual([values.admin.token, values.users[0]], ['<hidden>', { login: 'ana', password: '<hidden>' }]);
  const refused = await runPostern('check-config', '-c', file('hidden.json', stdout));
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /admin\.token: is hidden here: .*--secrets/);
  const { text } = await printed({}, '-c', some, '--secrets');
  assert.equal((await printed({}, '-c', file('whole.json', text), '--secrets')).text, text);
});

test('print-config prints the file with the environment and the options over it', async () => {
  const some = file('some.json', { workers: 1, log_level: 'warn', limits: { frame: 1000, headers: 9 }, www: 'pages' });
  const env = { POSTERN_CONFIG: some, POSTERN_WORKERS: '2', POSTERN_LIMITS__FRAME: '2000' };
  const { text, values } = await printed(env, '--workers', '3', '--endpoints', '[{"path": "/a"}]');
  assert.deepEqual([values.workers, values.log_level], [3, 'warn']);
  assert.deepEqual([values.limits.frame, values.limits.headers, values.limits.target], [2000, 9, 8192]);
  assert.deepEqual([values.endpoints.length, values.endpoints[0].handler], [1, 'stomp']);
  assert.equal(values.www, path.join(folder, 'pages'));
  const again = await printed({}, '--config', file('again.json', text));
  assert.equal(again.text, text);
});

test('print-config of the built-in demo is a file that gives it again', async () => {
  const { text, values } = await printed({});
  assert.deepEqual(values.endpoints.map((endpoint) => endpoint.path), ['/chat', '/ws/chat']);
  assert.equal((await printed({}, '--config', file('demo.json', text))).text, text);
});

test('print-config --defaults prints every key, whatever else is set', async () => {
  const { text, values } = await printed({ POSTERN_WORKERS: '7' }, '--defaults');
  assert.deepEqual([values.workers, values.endpoints], [0, []]);
  assert.equal((await printed({}, '--config', file('defaults.json', text))).text, text);
});

test('print-config prints nothing when something is wrong', async () => {
  const { status, stdout, stderr } = await runPostern('print-config', '--workers', 'many');
  assert.deepEqual([status, stdout], [1, '']);
  assert.match(stderr, /--workers: workers: must be a whole number/);
});

test('a path in a file counts from there, a path in an option from where one is', async () => {
  const some = file('paths.json', { www: 'pages' });
  assert.equal((await printed({}, '--config', some)).values.www, path.join(folder, 'pages'));
  const { values } = await printed({}, '--config', some, '--www', path.relative(process.cwd(), folder));
  assert.equal(path.resolve(values.www), path.resolve(folder));
});
