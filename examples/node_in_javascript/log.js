// Checkpoints and proofs of the exchange log: docs/protocol/log.md.
'use strict';

const { u8, sha256 } = require('./bytes.js');
const { verifyAlone, leafOf } = require('./statements.js');

const node = (left, right) => sha256(u8(1), left, right);
const half = (number) => number >> 1n;
const odd = (number) => (number & 1n) === 1n;

function inclusionHolds(leaf, position, size, hashes, root) {
  if (BigInt(position) >= BigInt(size)) return false;
  let [fn, sn, running] = [BigInt(position), BigInt(size) - 1n, leafOf(leaf)];
  for (const hash of hashes) {
    if (sn === 0n) return false;
    if (odd(fn) || fn === sn) {
      running = node(hash, running);
      while (!odd(fn) && fn !== 0n) [fn, sn] = [half(fn), half(sn)];
    } else running = node(running, hash);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0n && running.equals(root);
}

// first and second: { size, root }
function consistencyHolds(first, second, hashes) {
  const [from, to] = [BigInt(first.size), BigInt(second.size)];
  if (from > to) return false;
  if (from === to || from === 0n) return hashes.length === 0 && (from === 0n || first.root.equals(second.root));
  if (hashes.length === 0) return false;
  const [start, ...others] = (from & (from - 1n)) === 0n ? [first.root, ...hashes] : hashes;
  let [fn, sn, fr, sr] = [from - 1n, to - 1n, start, start];
  while (odd(fn)) [fn, sn] = [half(fn), half(sn)];
  for (const hash of others) {
    if (sn === 0n) return false;
    if (odd(fn) || fn === sn) {
      [fr, sr] = [node(hash, fr), node(hash, sr)];
      while (!odd(fn) && fn !== 0n) [fn, sn] = [half(fn), half(sn)];
    } else sr = node(sr, hash);
    [fn, sn] = [half(fn), half(sn)];
  }
  return sn === 0n && fr.equals(first.root) && sr.equals(second.root);
}

// A signed-note verifier key, of a log alone.
function verifierKey(text) {
  const [, name, id, key] = /^([^ +]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(text);
  const bytes = Buffer.from(key, 'base64');
  if (bytes.length !== 33 || bytes[0] !== 1) throw new Error('not the key of a log');
  const keyId = sha256(Buffer.from(`${name}\n`), bytes).subarray(0, 4);
  if (keyId.toString('hex') !== id) throw new Error('the key id is another');
  return { name, keyId, publicKey: bytes.subarray(1) };
}

const NOTE = new RegExp(
  '^([^\\n]+)\\n(0|[1-9][0-9]*)\\n([A-Za-z0-9+/]{43}=)\\n(?:continued ([1-9][0-9]{0,8}) at (0|[1-9][0-9]*)\\n)?'
  + '\\n— ([^ \\n]+) ([A-Za-z0-9+/]+={0,2})\\n$',
);

// The checkpoint in a note of this log's key; undefined where the note is anything else.
function checkpoint(note, vkey) {
  const { name, keyId, publicKey } = verifierKey(vkey);
  const [whole, origin, size, root, number = '0', position = '0', signer, line] = NOTE.exec(note.toString('utf8')) ?? [];
  if (!whole || origin !== name || signer !== name || BigInt(size) >= 2n ** 63n) return undefined;
  const signature = Buffer.from(line, 'base64');
  const text = Buffer.from(whole.slice(0, whole.lastIndexOf('\n— ')), 'utf8'); // its last LF is kept, the empty line left out
  if (!signature.subarray(0, 4).equals(keyId) || !verifyAlone(publicKey, text, signature.subarray(4))) return undefined;
  return { size: BigInt(size), root: Buffer.from(root, 'base64'), number: Number(number), position: BigInt(position), signature, note };
}

// What a query or an answer may tell of the hub.
function gossipOf(seen, version, digest) {
  return {
    size: String(seen?.size ?? 0), root_hash: seen?.root ?? Buffer.alloc(32),
    continuation: seen?.number ?? 0, continued_at: String(seen?.position ?? 0),
    key_id: seen?.signature.subarray(0, 4) ?? Buffer.alloc(4), log_signature: seen?.signature.subarray(4) ?? Buffer.alloc(64),
    directory_version: version, directory_digest: digest,
  };
}

module.exports = { inclusionHolds, consistencyHolds, checkpoint, gossipOf };
