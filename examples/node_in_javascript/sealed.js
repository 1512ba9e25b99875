// HPKE boxes and their padding (RFC 9180 base mode): docs/protocol/sealed.md.
'use strict';

const crypto = require('node:crypto');
const { u16, u32, prefixed, hmac256 } = require('./bytes.js');

const SPKI = Buffer.from('302a300506032b656e032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const KEM = Buffer.concat([Buffer.from('KEM'), u16(0x20)]);
const SUITE = Buffer.concat([Buffer.from('HPKE'), u16(0x20), u16(1), u16(3)]);
const LEAST = { query: 256, answer: 512 };
const MOST = { query: 65_584, answer: 1_048_368 };
const NONE = Buffer.alloc(0);

const privateKey = (bytes) => crypto.createPrivateKey({ key: Buffer.concat([PKCS8, bytes]), format: 'der', type: 'pkcs8' });
const publicKey = (bytes) => crypto.createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: 'der', type: 'spki' });
const publicOf = (bytes) => crypto.createPublicKey(privateKey(bytes)).export({ format: 'der', type: 'spki' }).subarray(12);

// Throws where the public key is of small order.
const shared = (secret, other) => crypto.diffieHellman({ privateKey: privateKey(secret), publicKey: publicKey(other) });

const extract = (suite, salt, label, ikm) => hmac256(salt, Buffer.concat([Buffer.from('HPKE-v1'), suite, Buffer.from(label), ikm]));
const expand = (suite, key, label, info, size) => {
  const message = Buffer.concat([u16(size), Buffer.from('HPKE-v1'), suite, Buffer.from(label), info, Buffer.from([1])]);
  return hmac256(key, message).subarray(0, size); // never more than one block of 32
};

function keyAndNonce(dh, enc, to, info) {
  const secret = expand(KEM, extract(KEM, NONE, 'eae_prk', dh), 'shared_secret', Buffer.concat([enc, to]), 32);
  const hashes = [extract(SUITE, NONE, 'psk_id_hash', NONE), extract(SUITE, NONE, 'info_hash', info)];
  const schedule = Buffer.concat([Buffer.from([0]), ...hashes]);
  const key = extract(SUITE, secret, 'secret', NONE);
  return [expand(SUITE, key, 'key', schedule, 32), expand(SUITE, key, 'base_nonce', schedule, 12)];
}

function encryptAead(key, nonce, aad, plaintext) {
  const cipher = crypto.createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  cipher.setAAD(aad, { plaintextLength: plaintext.length });
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function decryptAead(key, nonce, aad, sealed) {
  const decipher = crypto.createDecipheriv('chacha20-poly1305', key, nonce, { authTagLength: 16 });
  decipher.setAuthTag(sealed.subarray(-16));
  decipher.setAAD(aad, { plaintextLength: sealed.length - 16 });
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

function pad(plaintext, least) {
  const size = Math.max(least, Math.ceil((4 + plaintext.length) / 256) * 256);
  return Buffer.concat([u32(plaintext.length), plaintext], size);
}

// kind: 'query' or 'answer'. Throws where the key is of small order.
function seal(kind, to, info, plaintext, ephemeral = crypto.randomBytes(32)) {
  const enc = publicOf(ephemeral);
  const [key, nonce] = keyAndNonce(shared(ephemeral, to), enc, to, info);
  return Buffer.concat([enc, encryptAead(key, nonce, NONE, pad(plaintext, LEAST[kind]))]);
}

// Whether a box shares its set-up with others: it is two bytes longer, and names its place.
const isTogether = (box) => box.length % 256 === 50;

// Throws at every fault alike: the caller says which reason that is. between: the info of a box that shares its set-up.
function unseal(kind, secret, info, box, between) {
  const together = isTogether(box);
  const padded = box.length - (together ? 50 : 48);
  if (padded < LEAST[kind] || padded > MOST[kind] - 48 || padded % 256 || (together && !between)) throw new Error('no box');
  const enc = box.subarray(0, 32);
  const [key, nonce] = keyAndNonce(shared(secret, enc), enc, publicOf(secret), together ? between : info);
  const opened = together
    ? decryptAead(key, ofPlace(nonce, box.readUInt16BE(32)), info, box.subarray(34))
    : decryptAead(key, nonce, NONE, box.subarray(32));
  const plaintext = opened.subarray(4, 4 + opened.readUInt32BE());
  if (!pad(plaintext, LEAST[kind]).equals(opened)) throw new Error('not the one padded form');
  return plaintext;
}

// The nonce of a sequence number: RFC 9180, section 5.2.
function ofPlace(nonce, place) {
  const own = Buffer.from(nonce);
  own.writeUInt16BE(own.readUInt16BE(10) ^ place, 10);
  return own;
}

// What the contexts of boxes under one set-up have in common.
const between = (context) => Buffer.concat([context.subarray(0, 2), context.subarray(18, 50), context.subarray(100)]);
const betweenQueries = (context) => prefixed('warifu-v1/queries-together', between(context));
const betweenAnswers = (context) => prefixed('warifu-v1/answers-together', between(context));

const answerInfo = (context) => prefixed('warifu-v1/answer', context);

// At rest: nonce, ciphertext, tag.
function sealAtRest(key, aad, plaintext, nonce = crypto.randomBytes(12)) {
  return Buffer.concat([nonce, encryptAead(key, nonce, aad, plaintext)]);
}
const openAtRest = (key, aad, sealed) => decryptAead(key, sealed.subarray(0, 12), aad, sealed.subarray(12));

module.exports = { seal, unseal, pad, publicOf, betweenQueries, betweenAnswers, answerInfo, sealAtRest, openAtRest };
