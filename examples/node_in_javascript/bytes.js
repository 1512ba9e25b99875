// How values become bytes, hashes, scalars and random bytes: docs/protocol/bytes.md.
'use strict';

const { createHmac, createHash, randomBytes } = require('node:crypto');
const { blake2b } = require('@noble/hashes/blake2.js');
const { sha512 } = require('@noble/hashes/sha2.js');
const { expand_message_xmd } = require('@noble/curves/abstract/hash-to-curve.js');

// All big-endian; a number may be a Number, a BigInt or decimal text, as 64-bit fields are read.
const unsigned = (size) => (number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt.asUintN(64, BigInt(number))); // of a negative number: two's complement
  return bytes.subarray(8 - size);
};
const [u8, u16, u32, u64] = [1, 2, 4, 8].map(unsigned);
const asBytes = (item) => (typeof item === 'string' ? Buffer.from(item, 'utf8') : Buffer.from(item));

function prefixed(...items) {
  return Buffer.concat(items.map(asBytes).flatMap((item) => [u16(item.length), item]));
}

function digest(label, ...items) {
  const rest = items.map(asBytes).flatMap((item) => [u64(item.length), item]);
  return Buffer.from(blake2b(Buffer.concat([prefixed(label), ...rest]), { dkLen: 32 }));
}

function keyedBlake2b(key, size, message) {
  return Buffer.from(blake2b(message, { dkLen: size, key: Uint8Array.from(key) }));
}

const hmac512 = (key, message) => createHmac('sha512', key).update(message).digest();
const hmac256 = (key, message) => createHmac('sha256', key).update(message).digest();
const sha256 = (...items) => createHash('sha256').update(Buffer.concat(items)).digest();

// 64 bytes under a tag of the suite (RFC 9380 section 5.3.1).
const expanded = (message, tag) => Buffer.from(expand_message_xmd(message, Buffer.from(tag), 64, sha512));

module.exports = {
  u8, u16, u32, u64, prefixed, digest, keyedBlake2b, hmac512, hmac256, sha256, expanded, randomBytes,
};
