// Tokens, and keys to sign them with, as an issuer has them.
import { constants, createHmac, createSecretKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const encode = (part) => Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

export const seconds = () => Math.floor(Date.now() / 1000);

// An issuer with a key for each algorithm. The gateway gets `jwks` and `secret`.
export class Issuer {
  constructor(name = 'https://id.example', prefix = '') {
    this.name = name;
    this.rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.ed = generateKeyPairSync('ed25519');
    this.secretText = randomBytes(24).toString('base64');
    this.secret = createSecretKey(Buffer.from(this.secretText));
    const jwk = ({ publicKey }, more) => ({ ...publicKey.export({ format: 'jwk' }), ...more });
    this.jwks = { keys: [jwk(this.rsa, { kid: `${prefix}r` }), jwk(this.p256, { kid: `${prefix}e` }),
      jwk(this.ed, { kid: `${prefix}d` }), { ...this.secret.export({ format: 'jwk' }), kid: `${prefix}h` }] };
    this.signers = {
      HS256: ['h', (text) => createHmac('sha256', this.secret).update(text).digest()],
      RS256: ['r', (text) => sign('sha256', text, this.rsa.privateKey)],
      PS256: ['r', (text) => sign('sha256', text, { key: this.rsa.privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 })],
      ES256: ['e', (text) => sign('sha256', text, { key: this.p256.privateKey, dsaEncoding: 'ieee-p1363' })],
      EdDSA: ['d', (text) => sign(null, text, this.ed.privateKey)],
    };
    this.prefix = prefix;
  }

  // How a configuration names it that knows only its secret.
  get known() { return { issuer: this.name, secrets: [this.secretText] }; }

  // A token of that user for an hour; `more` adds claims, or takes them away by undefined.
  token(user, more = {}, alg = 'HS256') {
    const [kid, signer] = this.signers[alg];
    const claims = { iss: this.name, aud: 'chat', sub: user, exp: seconds() + 3600, ...more };
    const text = `${encode({ alg, kid: this.prefix + kid })}.${encode(claims)}`;
    return `${text}.${signer(Buffer.from(text)).toString('base64url')}`;
  }
}
