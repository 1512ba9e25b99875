// What the node must still know after it was killed: a journal of sealed entries, each on disk before anybody is answered.
'use strict';

const fs = require('node:fs');
const v8 = require('node:v8');
const { u32, u64, prefixed } = require('./bytes.js');
const { Refusal } = require('./errors.js');
const { rowKey } = require('./codes.js');
const { sealAtRest, openAtRest } = require('./sealed.js');

class Store {
  constructor(path, storageKey, rowSecret) {
    Object.assign(this, { storageKey, rowSecret, count: 0 });
    this.people = new Map(); // by local number: { codes: [{ code, code_epoch }], replicas, flags }
    this.rows = new Map(); // row key to local number
    this.inquiries = new Map(); // by request_id
    this.provisions = new Map(); // by inquirer and request_id
    this.seen = undefined; // the newest checkpoint of the log
    this.file = fs.openSync(path, 'a+', 0o600);
    this.#replay(fs.readFileSync(path));
  }

  // A torn last entry was never answered for, and is cut off.
  #replay(bytes) {
    let at = 0;
    for (; at + 4 <= bytes.length; at += 4 + bytes.readUInt32BE(at)) {
      const sealed = bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at));
      if (sealed.length < bytes.readUInt32BE(at)) break;
      this.#apply(...v8.deserialize(openAtRest(this.storageKey, this.#place(), sealed)));
    }
    if (at < bytes.length) fs.ftruncateSync(this.file, at);
  }

  #place() {
    return prefixed('journal', u64(this.count));
  }

  write(kind, value) {
    const sealed = sealAtRest(this.storageKey, this.#place(), v8.serialize([kind, value]));
    try {
      fs.writeSync(this.file, Buffer.concat([u32(sealed.length), sealed]));
      fs.fdatasyncSync(this.file);
    } catch {
      process.exitCode = 1;
      setImmediate(() => process.exit()); // what is on disk is not known: only a replay can tell
      throw new Refusal('STORE_UNAVAILABLE');
    }
    this.#apply(kind, value);
  }

  #apply(kind, value) {
    this.count += 1;
    const person = () => this.people.get(value.local_number);
    if (kind === 'code') this.#hold(value);
    if (kind === 'replicas') for (const one of value) this.people.get(one.local_number).replicas.set(nameOf(one), one);
    if (kind === 'flags') person().flags = value;
    if (kind === 'inquiry') this.inquiries.set(value.request_id, value);
    if (kind === 'inquiry end') Object.assign(this.inquiries.get(value.request_id), value);
    if (kind === 'provision') this.provisions.set(value.name, value);
    if (kind === 'seen') this.seen = value;
  }

  #hold({ local_number: number, code, code_epoch: epoch }) {
    const person = this.people.get(number) ?? { local_number: number, codes: [], replicas: new Map(), flags: {} };
    person.codes = [...person.codes.filter((held) => held.code_epoch !== epoch), { code, code_epoch: epoch }];
    this.people.set(number, person);
    this.rows.set(this.#row(code), number);
  }

  #row(code) {
    return rowKey(this.rowSecret, code).toString('hex');
  }

  holderOf(code) {
    return this.rows.get(this.#row(code));
  }
}

const nameOf = (replica) => `${replica.item_code} ${replica.fiscal_year} ${replica.publication_start}`;

module.exports = { Store };
