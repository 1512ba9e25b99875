// What is signed, and the signatures: docs/protocol/signed.md. The tables are those of that page.
'use strict';

const crypto = require('node:crypto');
const { ed25519 } = require('@noble/curves/ed25519.js');
const { u8, u32, u64, digest, sha256 } = require('./bytes.js');

const each = (...parts) => parts;
const INQUIRY = ['context', 'encrypted_code.c1', 'encrypted_code.c2', 'sealed_query', 'code_proof', 'citizen_tag'];
const ANSWER = ['asked', 'processing_number', 'outcome u8', 'sealed_answer', 'provision_time.seconds i64', 'provision_time.nanos i32', 'citizen_tag'];
const ENTRY = [
  'institution_code', 'institution_kind', 'institution_name', 'suite u32', 'epoch u32', 'code_epoch u32', 'opening_epoch u32',
  'agency_key', 'opening_key', 'joint_key', 'factor_commitment', 'sealing_key', 'signing_key', 'joint_key_proof',
];
const KEYS = each('public_key', 'accepted_until_ms u64');
const SIGNED_ENTRY = each('key_id', 'agency_signature', 'hub_signature');

// A field and its form; bytes and text need none. A list has the parts of its elements as a second value.
const STATEMENTS = {
  inquiry: INQUIRY,
  'inquiry-digest': [...INQUIRY, 'inquirer_signature'],
  permit: [
    'asked', 'converted_code.c1', 'converted_code.c2', 'processing_number', 'permission_row',
    'permit_time.seconds i64', 'permit_time.nanos i32', 'conversion_proof',
  ],
  answer: ANSWER,
  'answer-digest': [...ANSWER, 'provider_signature'],
  issue: ['context', 'encrypted_codes joined'],
  rotation: ['context', 'encrypted_codes joined'],
  conversion: ['context', 'converted_codes joined', ['conversion_proofs each', ['']]],
  'directory-entry': ENTRY,
  'directory-entry-hub': [...ENTRY, 'agency_signature'],
  'directory-entries': [
    ['entries count', SIGNED_ENTRY], ['entries each', SIGNED_ENTRY], ['dated_entries each', [...SIGNED_ENTRY, 'accepted_until_ms u64']],
  ],
  'directory-former-keys': [['former_hub_signing_keys each', KEYS]],
  'directory-header': [
    'network', 'suite u32', 'version u32', 'previous_digest', 'made_ms u64',
    'hub_institution_code', 'hub_signing_key', ['former_hub_signing_keys listed', KEYS],
    'authority_institution_code', 'authority_signing_key', ['former_authority_signing_keys listed', KEYS],
    'log_verifier_key', ['former_log_verifier_keys listed', ['']],
    'entries_digest', 'permission_table_digest', 'proof_policy.kind i32', 'proof_policy.one_in u32',
  ],
};

const at = (value, path) => {
  if (path === '') return value;
  return path in value ? value[path] : path.split('.').reduce((inner, name) => inner?.[name], value);
};
const FORMS = {
  u8, u32, u64, i32: u32, i64: u64,
  joined: (codes) => Buffer.concat(codes.flatMap((code) => [code.c1, code.c2])),
};

function itemsOf(value, row) {
  const [field, parts] = Array.isArray(row) ? row : [row];
  const [path, form] = field.split(' ');
  const found = at(value, path);
  if (!parts) return [form ? FORMS[form](found ?? (form === 'joined' ? [] : 0)) : found ?? ''];
  const items = (found ?? []).flatMap((element) => parts.flatMap((part) => itemsOf(element, part)));
  if (form === 'count') return [u64(items.length)];
  return form === 'each' ? items : [digest('warifu-v1/directory-former-keys', ...items)];
}

// The 32 bytes that are signed. extra: what is not a field of the message, such as `asked`.
function statement(name, message, extra = {}) {
  const value = { ...message, ...extra };
  return digest(`warifu-v1/${name}`, ...STATEMENTS[name].flatMap((row) => itemsOf(value, row)));
}

const PUBLIC = Buffer.from('302a300506032b6570032100', 'hex');
const PRIVATE = Buffer.from('302e020100300506032b657004220420', 'hex');

function sign(seed, bytes) {
  const key = crypto.createPrivateKey({ key: Buffer.concat([PRIVATE, seed]), format: 'der', type: 'pkcs8' });
  return crypto.sign(null, bytes, key);
}

const strictKeys = new Map(); // a few keys, used again and again
function strictKey(bytes) {
  const name = bytes.toString('hex');
  if (!strictKeys.has(name)) {
    if (ed25519.Point.fromBytes(Uint8Array.from(bytes)).isSmallOrder()) throw new Error('a key of small order');
    strictKeys.set(name, crypto.createPublicKey({ key: Buffer.concat([PUBLIC, bytes]), format: 'der', type: 'spki' }));
  }
  return strictKeys.get(name);
}

function verifyAlone(publicKey, bytes, signature) {
  try {
    return signature.length === 64 && crypto.verify(null, bytes, strictKey(Buffer.from(publicKey)), signature);
  } catch {
    return false;
  }
}

// From a leaf's hash to the root: one byte of turns, then 1 to 8 siblings. undefined where that is no way.
function rootOf(leafHash, way) {
  const count = (way.length - 1) / 32;
  if (!Number.isInteger(count) || count < 1 || count > 8 || way[0] >> count) return undefined;
  let running = leafHash;
  for (let i = 0; i < count; i++) {
    const sibling = way.subarray(1 + 32 * i, 33 + 32 * i);
    running = (way[0] >> i) & 1 ? sha256(u8(1), sibling, running) : sha256(u8(1), running, sibling);
  }
  return running;
}
const leafOf = (bytes) => sha256(u8(0), bytes);

// A statement that was signed alone, or together with others.
function verify(publicKey, bytes, signature) {
  if (signature.length === 64) return verifyAlone(publicKey, bytes, signature);
  const root = rootOf(leafOf(bytes), signature.subarray(64));
  return root !== undefined && verifyAlone(publicKey, digest('warifu-v1/signed-together', root), signature.subarray(0, 64));
}

module.exports = { STATEMENTS, statement, sign, verify, verifyAlone, rootOf, leafOf };
