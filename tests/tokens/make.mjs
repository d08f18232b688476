// Makes keys.json and tokens.txt, which test_token.c reads: good tokens, and hostile ones.
// Each line has a name, the fault that Postern must find, and the token. The private keys
// are thrown away, so another run makes another set: node tests/tokens/make.mjs
import { constants, createHmac, createSecretKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const NOW = 1_796_000_000; // the second at which the test verifies
const CLAIMS = {
  iss: 'https://id.example', aud: ['other', 'chat'], sub: 'ana', exp: NOW + 3600, nbf: NOW - 10,
  groups: ['staff', 'red'], scope: 'read  write', realm_access: { roles: ['admin'] },
  'https://id.example/groups': ['named by a URL'], tenant: 'acme', level: 7, beta: true,
};

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const weak = generateKeyPairSync('rsa', { modulusLength: 1024 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
const ed = generateKeyPairSync('ed25519');
const secret = createSecretKey(randomBytes(64));

const jwk = ({ publicKey }, more) => ({ ...publicKey.export({ format: 'jwk' }), ...more });
const keys = [
  jwk(rsa, { kid: 'r1', use: 'sig' }), jwk(weak, { kid: 'weak' }), jwk(other, { kid: 'enc', use: 'enc' }),
  jwk(p256, { kid: 'e1', alg: 'ES256' }), jwk(p384, { kid: 'e3' }), jwk(ed, { kid: 'd1' }),
  { ...secret.export({ format: 'jwk' }), kid: 'h1' },
  { kty: 'future', kid: 'f' }, { kty: 'oct', kid: 'short', k: 'c2hvcnQ' },
  { ...jwk(p256), kid: 'off-curve', y: jwk(p256).x }, { ...jwk(rsa), kid: 'anybody', e: 'AQ' },
  jwk(p256, { kid: 'crossed', alg: 'RS256' }),
  jwk(rsa, { kid: 'ops-verify', key_ops: ['encrypt', 'verify'] }),
  jwk(other, { kid: 'ops-sign', key_ops: ['sign'] }), jwk(other, { kid: 'ops-none', key_ops: [] }),
  jwk(other, { kid: 'ops-text', key_ops: 'verify' }), jwk(other, { kid: 'use-list', use: ['sig'] }),
  jwk(other, { kid: 'use-empty', use: '' }), jwk(other, { kid: 'alg-list', alg: ['RS256'] }),
  jwk(other, { kid: 'alg-empty', alg: '' }), jwk(other, { kid: 7 }), jwk(rsa, { kid: 'only-256', alg: 'RS256' }),
];

const hmac = (bits, key = secret) => (text) => createHmac(`sha${bits}`, key).update(text).digest();
const pkcs1 = (bits, { privateKey }) => (text) => sign(`sha${bits}`, text, privateKey);
const pss = (bits, { privateKey }, saltLength = bits / 8) => (text) =>
  sign(`sha${bits}`, text, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
const ecdsa = (bits, { privateKey }, dsaEncoding = 'ieee-p1363') => (text) =>
  sign(`sha${bits}`, text, { key: privateKey, dsaEncoding });
const eddsa = ({ privateKey }) => (text) => sign(null, text, privateKey);

const encode = (part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
const token = (header, claims, signer) => {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${signer ? signer(Buffer.from(text)).toString('base64url') : ''}`;
};

const hs = { alg: 'HS256', kid: 'h1' };
const good = token(hs, CLAIMS, hmac(256));
const claimed = (more) => token(hs, { ...CLAIMS, ...more }, hmac(256));
const without = (name) => claimed({ [name]: undefined });
const lastBits = (text) => text.slice(0, -1) + String.fromCharCode(text.charCodeAt(text.length - 1) + 1);

const lines = [
  ...[256, 384, 512].flatMap((bits) => [
    [`HS${bits}`, 'GOOD', token({ alg: `HS${bits}`, kid: 'h1' }, CLAIMS, hmac(bits))],
    [`RS${bits}`, 'GOOD', token({ alg: `RS${bits}`, kid: 'r1' }, CLAIMS, pkcs1(bits, rsa))],
    [`PS${bits}`, 'GOOD', token({ alg: `PS${bits}`, kid: 'r1' }, CLAIMS, pss(bits, rsa))],
  ]),
  ['ES256', 'GOOD', token({ alg: 'ES256', kid: 'e1' }, CLAIMS, ecdsa(256, p256))],
  ['ES384', 'GOOD', token({ alg: 'ES384', kid: 'e3' }, CLAIMS, ecdsa(384, p384))],
  ['EdDSA', 'GOOD', token({ alg: 'EdDSA', kid: 'd1' }, CLAIMS, eddsa(ed))],
  ['without-kid', 'GOOD', token({ alg: 'RS256' }, CLAIMS, pkcs1(256, rsa))],
  ['one-audience', 'GOOD', claimed({ aud: 'chat' })],
  ['within-leeway', 'GOOD', claimed({ exp: NOW - 10 })],
  ['almost-valid', 'GOOD', claimed({ nbf: NOW + 10 })],
  ['fraction', 'GOOD', claimed({ exp: NOW + 0.5 })],
  ['jku-and-jwk', 'GOOD', token({ ...hs, jku: 'http://127.0.0.1:1/', jwk: jwk(other) }, CLAIMS, hmac(256))],

  ['typ', 'GOOD', token({ ...hs, typ: 'JWT' }, CLAIMS, hmac(256))],
  ['access-token', 'GOOD', token({ ...hs, typ: 'application/AT+jwt' }, CLAIMS, hmac(256))],
  ['events-of-an-application', 'GOOD', claimed({ events: ['concert'] })],
  ['key-ops-with-verify', 'GOOD', token({ alg: 'RS256', kid: 'ops-verify' }, CLAIMS, pkcs1(256, rsa))],

  ['none', 'ALGORITHM', token({ alg: 'none' }, CLAIMS)],
  ['logout-token', 'TYPE', token({ ...hs, typ: 'logout+jwt' }, CLAIMS, hmac(256))],
  ['security-event', 'TYPE', claimed({ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } })],
  ['proof-of-possession', 'TYPE', token({ ...hs, typ: 'dpop+jwt' }, CLAIMS, hmac(256))],
  ['typ-in-a-list', 'TYPE', token({ ...hs, typ: ['JWT'] }, CLAIMS, hmac(256))],
  ['typ-is-empty', 'TYPE', token({ ...hs, typ: '' }, CLAIMS, hmac(256))],
  ['kid-is-a-number', 'MALFORMED', token({ alg: 'HS256', kid: 7 }, CLAIMS, hmac(256))],
  ['kid-is-a-path', 'UNKNOWN_KEY', token({ alg: 'HS256', kid: '../../dev/null' }, CLAIMS, hmac(256, ''))],
  ['kid-with-nul', 'MALFORMED', token({ alg: 'HS256', kid: 'h1\0' }, CLAIMS, hmac(256))],
  ['header-with-nul', 'MALFORMED', token('{"alg":"HS256\0","kid":"h1"}', CLAIMS, hmac(256))],
  ...['ops-sign', 'ops-none', 'ops-text', 'use-list', 'use-empty', 'alg-list', 'alg-empty'].map((kid) =>
    [`key-${kid}`, 'UNKNOWN_KEY', token({ alg: 'RS256', kid }, CLAIMS, pkcs1(256, other))]),
  ['no-kid-and-no-key-for-it', 'SIGNATURE', token({ alg: 'RS256' }, CLAIMS, pkcs1(256, other))],
  ['alg-of-the-key', 'UNKNOWN_KEY', token({ alg: 'RS512', kid: 'only-256' }, CLAIMS, pkcs1(512, rsa))],
  ['pss-by-a-pkcs1-key', 'UNKNOWN_KEY', token({ alg: 'PS256', kid: 'only-256' }, CLAIMS, pss(256, rsa))],
  ['none-with-key', 'ALGORITHM', token({ alg: 'None', kid: 'h1' }, CLAIMS)],
  ['no-alg', 'ALGORITHM', token({ kid: 'h1' }, CLAIMS, hmac(256))],
  ['alg-in-a-list', 'ALGORITHM', token({ alg: ['HS256'], kid: 'h1' }, CLAIMS, hmac(256))],
  ['lower-case', 'ALGORITHM', token({ alg: 'hs256', kid: 'h1' }, CLAIMS, hmac(256))],
  ['crit', 'ALGORITHM', token({ ...hs, crit: ['b64'], b64: false }, CLAIMS, hmac(256))],
  ['confused-pem', 'UNKNOWN_KEY', token({ alg: 'HS256', kid: 'r1' }, CLAIMS,
    hmac(256, rsa.publicKey.export({ type: 'spki', format: 'pem' })))],
  ['confused-jwk', 'SIGNATURE', token({ alg: 'HS256' }, CLAIMS, hmac(256, JSON.stringify(jwk(rsa, { kid: 'r1' }))))],
  ['unknown-kid', 'UNKNOWN_KEY', token({ alg: 'RS256', kid: 'zz' }, CLAIMS, pkcs1(256, rsa))],
  ['jku-of-its-own', 'UNKNOWN_KEY', token({ alg: 'RS256', kid: 'zz', jku: 'http://127.0.0.1:1/' }, CLAIMS, pkcs1(256, other))],
  ['other-key', 'SIGNATURE', token({ alg: 'RS256', kid: 'r1' }, CLAIMS, pkcs1(256, other))],
  ['encryption-key', 'UNKNOWN_KEY', token({ alg: 'RS256', kid: 'enc' }, CLAIMS, pkcs1(256, other))],
  ['weak-key', 'UNKNOWN_KEY', token({ alg: 'RS256', kid: 'weak' }, CLAIMS, pkcs1(256, weak))],
  ['short-secret', 'UNKNOWN_KEY', token({ alg: 'HS256', kid: 'short' }, CLAIMS, hmac(256, 'short'))],
  ['off-curve', 'UNKNOWN_KEY', token({ alg: 'ES256', kid: 'off-curve' }, CLAIMS, ecdsa(256, p256))],
  ['exponent-of-one', 'UNKNOWN_KEY', token({ alg: 'RS256', kid: 'anybody' }, CLAIMS, pkcs1(256, rsa))],
  ['alg-of-another-kind', 'UNKNOWN_KEY', token({ alg: 'ES256', kid: 'crossed' }, CLAIMS, ecdsa(256, p256))],
  ['pkcs1-as-pss', 'SIGNATURE', token({ alg: 'PS256', kid: 'r1' }, CLAIMS, pkcs1(256, rsa))],
  ['short-salt', 'SIGNATURE', token({ alg: 'PS256', kid: 'r1' }, CLAIMS, pss(256, rsa, 8))],
  ['other-digest', 'SIGNATURE', token({ alg: 'RS512', kid: 'r1' }, CLAIMS, pkcs1(256, rsa))],
  ['es-der', 'SIGNATURE', token({ alg: 'ES256', kid: 'e1' }, CLAIMS, ecdsa(256, p256, 'der'))],
  ['es-zero', 'SIGNATURE', token({ alg: 'ES256', kid: 'e1' }, CLAIMS, () => Buffer.alloc(64))],
  ['es-longer', 'SIGNATURE', token({ alg: 'ES256', kid: 'e1' }, CLAIMS, (text) => Buffer.concat([ecdsa(256, p256)(text), Buffer.alloc(2)]))],
  ['es-r-is-zero', 'SIGNATURE', token({ alg: 'ES256', kid: 'e1' }, CLAIMS, (text) => ecdsa(256, p256)(text).fill(0, 0, 32))],
  ['es-s-is-the-order', 'SIGNATURE', token({ alg: 'ES256', kid: 'e1' }, CLAIMS, (text) => Buffer.concat([ecdsa(256, p256)(text).subarray(0, 32),
    Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex')]))],
  ['es256-by-p384', 'UNKNOWN_KEY', token({ alg: 'ES256', kid: 'e3' }, CLAIMS, ecdsa(256, p384))],
  ['ed-empty', 'SIGNATURE', token({ alg: 'EdDSA', kid: 'd1' }, CLAIMS, () => Buffer.alloc(0))],
  ['hs-empty', 'SIGNATURE', token(hs, CLAIMS)],
  ['half-a-signature', 'SIGNATURE', token(hs, CLAIMS, (text) => hmac(256)(text).subarray(0, 16))],
  ['other-claims', 'SIGNATURE', [good.split('.')[0], encode({ ...CLAIMS, sub: 'root' }), good.split('.')[2]].join('.')],

  ['expired', 'EXPIRED', claimed({ exp: NOW - 30 })],
  ['expired-and-forged', 'SIGNATURE', token(hs, { ...CLAIMS, exp: NOW - 60 }, hmac(256, 'x'.repeat(64)))],
  ['not-yet', 'NOT_YET', claimed({ nbf: NOW + 31 })],
  ['nbf-is-text', 'NOT_YET', claimed({ nbf: 'now' })],
  ['no-exp', 'NO_EXPIRY', without('exp')],
  ['exp-is-text', 'NO_EXPIRY', claimed({ exp: String(NOW + 100) })],
  ['exp-is-huge', 'NO_EXPIRY', claimed({ exp: 1e300 })],
  ['exp-is-out-of-range', 'MALFORMED', token(hs, JSON.stringify(CLAIMS).replace(/"exp":\d+/, '"exp":1e999'), hmac(256))],
  ['exp-is-many-digits', 'MALFORMED', token(hs, JSON.stringify(CLAIMS).replace(/"exp":\d+/, `"exp":${'9'.repeat(400)}`), hmac(256))],
  ['exp-is-minus', 'EXPIRED', claimed({ exp: -1 })],
  ['exp-in-a-list', 'NO_EXPIRY', claimed({ exp: [NOW + 100] })],
  ['exp-is-true', 'NO_EXPIRY', claimed({ exp: true })],
  ['double-exp', 'MALFORMED', token(hs, JSON.stringify(CLAIMS).replace('{', '{"exp":1,'), hmac(256))],
  ['escaped-double-sub', 'MALFORMED', token(hs, JSON.stringify(CLAIMS).replace('{', '{"s\\u0075b":"root",'), hmac(256))],
  ['exp-is-null', 'NO_EXPIRY', claimed({ exp: null })],
  ['other-issuer', 'UNKNOWN_ISSUER', claimed({ iss: 'https://id.example.org' })],
  ['issuer-in-a-list', 'UNKNOWN_ISSUER', claimed({ iss: ['https://id.example'] })],
  ['no-issuer', 'UNKNOWN_ISSUER', without('iss')],
  ['other-audience', 'AUDIENCE', claimed({ aud: 'shop' })],
  ['no-audience', 'AUDIENCE', without('aud')],
  ['audience-in-an-object', 'AUDIENCE', claimed({ aud: { chat: 'chat' } })],
  ['no-user', 'NO_USER', without('sub')],
  ['empty-user', 'NO_USER', claimed({ sub: '' })],
  ['user-is-a-number', 'NO_USER', claimed({ sub: 1 })],
  ['user-with-a-line', 'NO_USER', claimed({ sub: 'ana\nadmin:true' })],
  ['user-with-c1', 'NO_USER', claimed({ sub: 'ana\u0085' })],
  ['long-user', 'NO_USER', claimed({ sub: 'a'.repeat(256) })],
  ['longest-user', 'GOOD', claimed({ sub: 'a'.repeat(255) })],

  ['padding', 'MALFORMED', `${good}=`],
  ['four-parts', 'MALFORMED', `${good}.x`],
  ['truncated', 'MALFORMED', good.slice(0, -2)],
  ['spare-bits', 'MALFORMED', lastBits(good)],
  ['two-parts', 'MALFORMED', good.split('.').slice(0, 2).join('.')],
  ['empty-parts', 'MALFORMED', '..'],
  ['one-word', 'MALFORMED', 'eyJhbGciOiJub25lIn0'],
  ['ordinary-base64', 'MALFORMED', good.replace('.', '+.')],
  ['double-alg', 'MALFORMED', token('{"alg":"HS256","alg":"none","kid":"h1"}', CLAIMS, hmac(256))],
  ['double-sub', 'MALFORMED', token(hs, JSON.stringify(CLAIMS).replace('{', '{"sub":"root",'), hmac(256))],
  ['claims-in-a-list', 'MALFORMED', token(hs, [CLAIMS], hmac(256))],
  ['no-json', 'MALFORMED', token(hs, 'claims', hmac(256))],
  ['deep', 'MALFORMED', token(hs, '{"a":' + '['.repeat(4000) + ']'.repeat(4000) + '}', hmac(256))],
  ['user-with-nul', 'MALFORMED', claimed({ sub: 'ana\0' })],
  ['half-a-pair', 'MALFORMED', token(hs, JSON.stringify(CLAIMS).replace('"ana"', '"\\ud800"'), hmac(256))],
];

const here = (name) => new URL(name, import.meta.url);
writeFileSync(here('keys.json'), `${JSON.stringify({ keys }, null, 1)}\n`);
writeFileSync(here('rsa.pem'), rsa.publicKey.export({ type: 'spki', format: 'pem' }));
writeFileSync(here('p256.pem'), p256.publicKey.export({ type: 'spki', format: 'pem' }));
writeFileSync(here('tokens.txt'), lines.map((line) => `${line.join(' ')}\n`).join(''));
