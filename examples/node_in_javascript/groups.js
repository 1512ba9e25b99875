// The two groups of prime order, their scalars and hashes into them: docs/protocol/bytes.md and codes.md.
'use strict';

const { ed25519, ed25519_hasher, ristretto255, ristretto255_hasher } = require('@noble/curves/ed25519.js');
const { expanded, prefixed, randomBytes } = require('./bytes.js');
const { Refusal } = require('./errors.js');

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (number) => ((number % ORDER) + ORDER) % ORDER;
const littleEndian = (bytes) => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
const scalarBytes = (scalar) => Buffer.from(scalar.toString(16).padStart(64, '0'), 'hex').reverse();

function scalarFrom(bytes) {
  if (bytes.length !== 32) throw new Refusal('KEY_INVALID');
  const scalar = littleEndian(bytes);
  if (scalar === 0n || scalar >= ORDER) throw new Refusal('KEY_INVALID');
  return scalar;
}

const randomScalar = () => mod(littleEndian(randomBytes(64)));

function invert(scalar) {
  let [base, exponent, result] = [mod(scalar), ORDER - 2n, 1n];
  for (; exponent > 0n; exponent >>= 1n, base = mod(base * base)) if (exponent & 1n) result = mod(result * base);
  return result;
}

class Group {
  constructor(suite, Point, hasher, tags) {
    Object.assign(this, { suite, Point, hasher, tags, G: Point.BASE });
  }

  // A point from outside: canonical, in the group, not the identity.
  point(bytes, where = '') {
    try {
      const point = this.Point.fromBytes(Uint8Array.from(bytes));
      if (!point.is0() && (this.suite === 1 || point.isTorsionFree())) return point;
    } catch { /* no encoding of a point: refused below */ }
    throw new Refusal('POINT_INVALID', where);
  }

  bytes(point) {
    return Buffer.from(point.toBytes());
  }

  // H2S(label, items...)
  hashToScalar(label, ...items) {
    return mod(littleEndian(expanded(prefixed(label, ...items), this.tags.scalar)));
  }

  // H2P(message)
  hashToPoint(message) {
    return this.hasher.hashToCurve(Uint8Array.from(message), { DST: Buffer.from(this.tags.point) });
  }
}

const GROUPS = {
  1: new Group(1, ristretto255.Point, ristretto255_hasher, {
    scalar: 'warifu-v1-HashToScalar-ristretto255-SHA512',
    point: 'warifu-v1-HashToGroup-ristretto255-SHA512',
  }),
  2: new Group(2, ed25519.Point, ed25519_hasher, {
    scalar: 'warifu-v1-HashToScalar-edwards25519_XMD:SHA-512_ELL2_RO_',
    point: 'warifu-v1-HashToGroup-edwards25519_XMD:SHA-512_ELL2_RO_',
  }),
};

module.exports = { GROUPS, mod, invert, randomScalar, scalarBytes, scalarFrom };
