// The directory's chain of versions, and who may be named in a context: docs/protocol/directory.md.
'use strict';

const crypto = require('node:crypto');
const { GROUPS } = require('./groups.js');
const { Refusal, refuseUnless } = require('./errors.js');
const { statement, verify } = require('./statements.js');
const { jointKeyHolds } = require('./codes.js');

const POLICY = { ALWAYS: 1, SAMPLED: 2, OFF: 3 };
const headerDigest = (header) => statement('directory-header', header);
const need = (good, where) => refuseUnless(good, 'DIRECTORY_INVALID', where);

// 1. What a header says by itself, and the root's signature over it.
function checkHeader(header, rootPem) {
  need(header.version >= 1 && (header.version === 1) === (header.previous_digest.length === 0), 'version');
  const keys = [header.hub_signing_key, header.authority_signing_key, header.permission_table_digest];
  need(keys.every((key) => key.length === 32), 'keys');
  const { kind, one_in: oneIn } = header.proof_policy ?? {};
  const good = kind === POLICY.SAMPLED ? oneIn >= 2 && oneIn <= 65_535 : [POLICY.ALWAYS, POLICY.OFF].includes(kind) && oneIn === 0;
  need(good && GROUPS[header.suite], 'proof_policy');
  const root = new crypto.X509Certificate(rootPem).publicKey;
  need(crypto.verify('sha256', headerDigest(header), root, header.root_signature), 'root_signature');
}

// 2. That one header follows another.
function checkFollows(before, header) {
  need(header.version === before.version + 1 && header.previous_digest.equals(headerDigest(before)), 'previous_digest');
  const same = ['network', 'suite', 'hub_institution_code', 'authority_institution_code'];
  need(same.every((field) => header[field] === before[field]), 'header');
  need(header.permission_table_digest.equals(before.permission_table_digest), 'permission_table_digest');
  const [policy, old] = [header.proof_policy, before.proof_policy];
  need(policy.kind === old.kind && policy.one_in === old.one_in, 'proof_policy');
  need(BigInt(header.made_ms) >= BigInt(before.made_ms), 'made_ms');
}

// 4 to 6. The entries of a header.
function checkEntries(file) {
  const { header, entries, dated_entries: dated } = file;
  need(statement('directory-entries', { entries, dated_entries: flat(dated) }).equals(header.entries_digest), 'entries_digest');
  for (const entry of [...entries, ...dated.map((one) => one.entry)]) checkEntry(entry, header);
  const standing = new Map(entries.map((entry) => [entry.institution_code, entry]));
  need(standing.size === entries.length, 'entries');
  for (const { entry, accepted_until_ms: until } of dated) {
    const current = standing.get(entry.institution_code);
    need(current && (until === '0' ? entry.epoch === current.epoch + 1 : entry.epoch < current.epoch), 'dated_entries');
  }
}

const flat = (dated) => dated.map(({ entry, accepted_until_ms: until }) => ({ ...entry, accepted_until_ms: until }));

function checkEntry(entry, header) {
  const group = GROUPS[header.suite];
  need(/^[0-9]{16}$/.test(entry.institution_code) && entry.suite === header.suite, 'institution_code');
  need(entry.code_epoch >= 1 && entry.code_epoch <= entry.epoch && entry.opening_epoch >= 1, 'epoch');
  const signed = statement('directory-entry', entry);
  need(entry.key_id.equals(signed.subarray(0, 8)), 'key_id');
  need(verify(entry.signing_key, signed, entry.agency_signature), 'agency_signature');
  need(verify(header.hub_signing_key, statement('directory-entry-hub', entry), entry.hub_signature), 'hub_signature');
  need(entry.sealing_key.length === 32 && entry.joint_key_proof.length === 64, 'sealing_key');
  try {
    group.point(entry.factor_commitment);
    need(jointKeyHolds(group, entry), 'joint_key_proof');
  } catch (error) {
    throw error instanceof Refusal ? new Refusal('DIRECTORY_INVALID', error.where || 'points') : error;
  }
}

function checkFile(file, rootPem) {
  checkHeader(file.header, rootPem);
  checkEntries(file);
}

// A verified version, as a party looks things up in it.
class Directory {
  constructor(file) {
    this.file = file;
    this.header = file.header;
    this.group = GROUPS[file.header.suite];
    this.standing = new Map(file.entries.map((entry) => [entry.institution_code, entry]));
  }

  // The entry that a context of this time may name: in force, or a former one whose time is not over.
  entry(institution, epoch, issuedMs, where) {
    const current = this.standing.get(institution);
    refuseUnless(current, 'INSTITUTION_UNKNOWN', where);
    if (current.epoch === epoch) return current;
    const former = this.goodEntriesOf(institution, issuedMs).find((entry) => entry.epoch === epoch);
    refuseUnless(former, 'EPOCH_STALE', where);
    return former;
  }

  // All entries that a context of this time may name, the one in force first.
  goodEntriesOf(institution, issuedMs) {
    const former = this.file.dated_entries.filter(({ accepted_until_ms: until }) => issuedMs <= Number(until)).map(({ entry }) => entry);
    return [this.standing.get(institution), ...former.filter((entry) => entry.institution_code === institution)];
  }

  entriesOf(institution) {
    const dated = this.file.dated_entries.map(({ entry }) => entry);
    return [...this.file.entries, ...dated].filter((entry) => entry.institution_code === institution);
  }

  // A statement of the hub ('hub') or the authority ('authority') made at this time.
  signedBy(party, atMs, bytes, signature) {
    const former = this.header[`former_${party}_signing_keys`].filter((key) => atMs <= Number(key.accepted_until_ms));
    const keys = [this.header[`${party}_signing_key`], ...former.map((key) => key.public_key)];
    return keys.some((key) => verify(key, bytes, signature));
  }
}

module.exports = { POLICY, Directory, headerDigest, checkHeader, checkFollows, checkEntries, checkFile };
