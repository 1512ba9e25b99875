// Codes: encrypting, opening, filing, and every proof about them: docs/protocol/codes.md, docs/proofs.md.
'use strict';

const { u8, u32, prefixed, digest, keyedBlake2b, sha256 } = require('./bytes.js');
const { mod, randomScalar, scalarBytes, scalarFrom } = require('./groups.js');
const { leafOf, rootOf } = require('./statements.js');
const { Refusal } = require('./errors.js');

// c1 and c2 of a code N to a joint key, and the r that nobody may learn.
function encrypt(group, code, jointKey, r = randomScalar()) {
  const c1 = group.bytes(group.G.multiply(r));
  const c2 = group.bytes(code.add(jointKey.multiply(r)));
  return { encrypted: { c1, c2 }, r };
}

// N = D2 - y·D1, as bytes: the identity is nobody's code, and goes on as one.
function open(group, converted, y) {
  const d1 = group.point(converted.c1, 'converted_code.c1');
  const d2 = group.point(converted.c2, 'converted_code.c2');
  return group.bytes(d2.subtract(d1.multiply(y)));
}

const rowKey = (secret, code) => keyedBlake2b(secret, 16, prefixed('warifu-v1/row', code));

// That whoever sends (C1, C2) under this context made it: e, then z.
function proveCode(group, context, { c1, c2 }, r, n = randomScalar()) {
  const e = group.hashToScalar('warifu-v1/code-proof', context, c1, c2, group.bytes(group.G.multiply(n)));
  return Buffer.concat([scalarBytes(e), scalarBytes(mod(n + e * r))]);
}

// scalar·P for public values alone.
const times = (point, scalar) => point.multiplyUnsafe(scalar);

function jointKeyHolds(group, entry) {
  const [Y, H, J] = [entry.agency_key, entry.opening_key, entry.joint_key].map((bytes) => group.point(bytes));
  const [e, z] = [scalarFrom(entry.joint_key_proof.subarray(0, 32)), scalarFrom(entry.joint_key_proof.subarray(32))];
  const t1 = times(group.G, z).subtract(times(H, e));
  const t2 = times(Y, z).subtract(times(J, e));
  const points = [group.G, Y, H, J, t1, t2].map((point) => group.bytes(point));
  return e === group.hashToScalar('warifu-v1/dleq-keydir', prefixed(entry.institution_code, u32(entry.epoch)), ...points);
}

// The leaf of one conversion under a proof's responses.
function leafOfConversion(group, context, C, D, Y, [e, zt, zu], zk) {
  const [c1, c2, d1, d2] = [C.c1, C.c2, D.c1, D.c2].map((bytes) => group.point(bytes));
  const t3 = times(c1, zu).add(times(group.G, zk)).subtract(times(d1, e));
  const t4 = times(c2, zt).add(times(Y, zk)).subtract(times(d2, e));
  return leafOf(digest('warifu-v1/conversion-leaf', context, C.c1, C.c2, D.c1, D.c2, group.bytes(t3), group.bytes(t4)));
}

// factors: S_A, S_B, H and Y as points.
function challengeOf(group, { SA, SB, H, Y }, [e, zt, zu], root) {
  const t1 = times(SA, zt).subtract(times(SB, e));
  const t2 = times(group.G, zu).subtract(times(H, zt));
  const points = [group.G, SA, SB, H, Y, t1, t2].map((point) => group.bytes(point));
  return group.hashToScalar('warifu-v1/conversion-proof', ...points, root);
}

const scalars = (bytes, count) => Array.from({ length: count }, (_, i) => scalarFrom(bytes.subarray(32 * i, 32 * i + 32)));
const believed = (check) => {
  try {
    return check();
  } catch (error) {
    if (error instanceof Refusal) return false; // a scalar or a point that is none
    throw error;
  }
};

// That D is the conversion of C: 128 bytes, or more where it was proven together with others.
function conversionHolds(group, factors, context, C, D, proof) {
  return believed(() => {
    const [e, zt, zu, zk] = scalars(proof, 4);
    const leaf = leafOfConversion(group, context, C, D, factors.Y, [e, zt, zu], zk);
    const root = proof.length === 128 ? leaf : rootOf(leaf, proof.subarray(128));
    return root !== undefined && e === challengeOf(group, factors, [e, zt, zu], root);
  });
}

const treeRoot = (leaves) => {
  if (leaves.length === 1) return leaves[0];
  const half = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return sha256(u8(1), treeRoot(leaves.slice(0, half)), treeRoot(leaves.slice(half)));
};

// The same of a batch of at most 50: e, z_t, z_u, and a z_k for each.
function batchHolds(group, factors, context, codes, converted, proof) {
  return believed(() => {
    if (proof.length !== 96 + 32 * codes.length) return false;
    const [e, zt, zu, ...zks] = scalars(proof, 3 + codes.length);
    const leaves = codes.map((C, i) => leafOfConversion(group, context, C, converted[i], factors.Y, [e, zt, zu], zks[i]));
    return e === challengeOf(group, factors, [e, zt, zu], treeRoot(leaves));
  });
}

module.exports = { encrypt, open, rowKey, proveCode, jointKeyHolds, conversionHolds, batchHolds, treeRoot };
