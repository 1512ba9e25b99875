// A party's folder: settings, certificates, directory, keys: docs/protocol/files.md.
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { Directory, checkFile } = require('./directory.js');
const { refuseUnless } = require('./errors.js');
const { fromJson, toJson } = require('./messages.js');
const { scalarFrom } = require('./groups.js');
const { PermissionTable } = require('./permissions.js');
const { readList } = require('./revocation.js');
const { publicOf } = require('./sealed.js');
const { ed25519 } = require('@noble/curves/ed25519.js');

const FILE_TYPE = 'warifu.api.directory.v1.DirectoryFile';

class Folder {
  constructor(place) {
    this.place = place;
    this.settings = JSON.parse(this.read('party.json'));
    this.institution = this.settings.institution_code;
    this.root = this.read('root.pem');
    this.listeners = new Set(); // who hears of a certificate that replaced ours
    this.reread();
    this.table = new PermissionTable(this.read('permissions.yaml'));
    this.rowSecret = this.secret('row.key');
    this.storageKey = this.secret('storage.key');
    const file = fromJson(FILE_TYPE, this.read('directory.json'));
    checkFile(file, this.root);
    this.take(file);
  }

  path(name) {
    return path.join(this.place, name);
  }

  read(name) {
    return fs.readFileSync(this.path(name));
  }

  secret(name) {
    refuseUnless((fs.statSync(this.path(name)).mode & 0o77) === 0, 'KEY_INVALID', name);
    const line = /^([0-9a-fA-F]{64})\n?$/.exec(this.read(name));
    refuseUnless(line, 'KEY_INVALID', name);
    return Buffer.from(line[1], 'hex');
  }

  // The file with the highest number not above the epoch; the plain name is 1.
  secretOf(kind, epoch) {
    const numbers = fs.readdirSync(this.place).map((name) => new RegExp(`^${kind}(?:\\.(\\d+))?\\.key$`).exec(name))
      .filter(Boolean).map(([, number = '1']) => Number(number)).filter((number) => number <= epoch);
    const number = Math.max(...numbers);
    return this.secret(number > 1 ? `${kind}.${number}.key` : `${kind}.key`);
  }

  // The secrets of one of our own entries, which must belong to what it publishes.
  keysOf(entry, group = this.directory.group) {
    const [agency, sealing, signing] = ['agency', 'sealing', 'signing'].map((kind) => this.secretOf(kind, entry.epoch));
    const y = scalarFrom(agency);
    const good = group.bytes(group.G.multiply(y)).equals(entry.agency_key) && publicOf(sealing).equals(entry.sealing_key)
      && Buffer.from(ed25519.getPublicKey(signing)).equals(entry.signing_key);
    refuseUnless(good, 'KEY_INVALID', `epoch ${entry.epoch}`);
    return { y, sealing, signing };
  }

  // A version that was verified; a newer one is written before anything goes by it.
  take(file, save = false) {
    const directory = new Directory(file);
    refuseUnless(file.header.network === this.settings.network, 'DIRECTORY_INVALID', 'network');
    refuseUnless(this.table.digest.equals(file.header.permission_table_digest), 'CONFIG_INVALID', 'permissions.yaml');
    const own = directory.entriesOf(this.institution);
    refuseUnless(own.length, 'DIRECTORY_INVALID', 'our own entry');
    for (const entry of own) this.keysOf(entry, directory.group);
    if (save) this.write('directory.json', toJson(FILE_TYPE, file));
    this.directory = directory;
  }

  // What others put here while we run: a renewed certificate with its key, and a newer revocation list.
  reread() {
    const [certificate, privateKey, pem] = ['tls.pem', 'tls.key', 'revoked.pem'].map((name) => this.read(name));
    if (!this.listPem?.equals(pem)) this.#believe(pem);
    if (this.certificate?.equals(certificate)) return;
    const fits = new crypto.X509Certificate(certificate).checkPrivateKey(crypto.createPrivateKey(privateKey));
    refuseUnless(fits, 'KEY_INVALID', 'tls.key');
    Object.assign(this, { certificate, privateKey });
    for (const listener of this.listeners) listener({ certificate, privateKey });
  }

  #believe(pem) {
    const list = readList(pem, this.root, Date.now());
    refuseUnless(!this.revoked || list.number >= this.revoked.number, 'FILE_INVALID', 'an older revocation list');
    Object.assign(this, { revoked: list, listPem: pem });
  }

  takeList(pem) {
    this.#believe(pem);
    this.write('revoked.pem', pem);
  }

  write(name, content) {
    const temporary = this.path(`.${name}.${crypto.randomUUID()}`);
    const file = fs.openSync(temporary, 'w', 0o644);
    fs.writeSync(file, content);
    fs.fsyncSync(file);
    fs.closeSync(file);
    fs.renameSync(temporary, this.path(name));
  }
}

module.exports = { Folder };
