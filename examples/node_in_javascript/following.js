// Staying with the network: announcing, newer directories and revocation lists, and comparing with the hub's log:
// docs/protocol/node.md#start, directory.md#taking-a-version, log.md#what-a-node-does-with-it.
'use strict';

const clock = require('./clock.js');
const { Refusal, refuseUnless } = require('./errors.js');
const { headerDigest, checkHeader, checkFollows, checkEntries } = require('./directory.js');
const { checkpoint, consistencyHolds, inclusionHolds } = require('./log.js');
const { decode } = require('./messages.js');

const EVENT = { DIRECTORY_PUBLISHED: 9, LOG_CONTINUED: 11 };
const COMPARE_MS = 5_000;
const KEPT_MS = (7 * 365 - 1) * 86_400_000; // seven years less a day
const LEAF = 'warifu.api.log.v1.ExchangeLeaf';

class Following {
  // directory and log: peers of the hub. rotate: brings our codes to the newest code epoch. goOn: the operator knows that our own records are of an older state.
  constructor(folder, store, directory, log, goOn, rotate) {
    Object.assign(this, { folder, store, directory, log, goOn, rotate, behind: 'RECORDS_BEHIND', stopped: false });
  }

  // Resolves when the hub was reached once; goes on for good.
  start(endpoint) {
    return new Promise((resolve) => {
      this.#follow(endpoint, resolve);
      this.#compareOn();
      setInterval(() => this.#reread(), 1000).unref();
    });
  }

  async #follow(endpoint, reached) {
    while (!this.stopped) {
      try {
        await this.directory.call('AnnounceEndpoint', { endpoint });
        await this.compare();
        this.versions = this.directory.client.FollowVersions({});
        for await (const told of this.versions) {
          await this.#take(told);
          reached();
        }
      } catch (error) {
        this.#say('following', error);
      }
      await pause(1000);
    }
  }

  async #compareOn() {
    for (await pause(COMPARE_MS); !this.stopped; await pause(COMPARE_MS)) {
      await this.compare().catch((error) => this.#say('comparing', error));
      await this.#rotated();
    }
  }

  #reread() {
    try {
      this.folder.reread();
    } catch (error) {
      this.#say('our own files', error); // what was good goes on
    }
  }

  #say(what, error) {
    if (!this.stopped) console.error(`${what}: ${error.message}`);
  }

  async #take({ directory_version: version, revocation_list_number: number }) {
    if (BigInt(number) > this.folder.revoked.number) {
      const { revocation_list_pem: pem } = await this.directory.call('GetRevocationList', {});
      this.folder.takeList(pem);
    }
    if (version > this.folder.directory.header.version) await this.takeNewer();
    await this.#rotated();
  }

  // One at a time; what failed is tried again after the next comparison.
  #rotated() {
    this.rotating ??= this.rotate().catch((error) => this.#say('rotating', error)).finally(() => {
      this.rotating = undefined;
    });
    return this.rotating;
  }

  // Takes the newest version; says whether there was one.
  async takeNewer() {
    const held = this.folder.directory.header;
    const { headers, positions } = await this.#headersAfter(held.version);
    if (!headers.length) return false;
    let before = held;
    for (const header of headers) {
      checkHeader(header, this.folder.root);
      checkFollows(before, header);
      before = header;
    }
    await this.#mustBeInLog(headers, positions);
    const newest = headers.at(-1);
    const file = { header: newest, ...(await this.#entriesOf(newest.version)) };
    checkEntries(file);
    this.folder.take(file, true);
    return true;
  }

  async #headersAfter(version) {
    const found = { headers: [], positions: [] };
    let token = '';
    do {
      const page = await this.directory.call('ListVersions', { held_version: version, page_token: token });
      found.headers.push(...page.headers);
      found.positions.push(...page.positions);
      token = page.next_page_token;
    } while (token);
    return found;
  }

  async #entriesOf(version) {
    const found = { entries: [], dated_entries: [] };
    let token = '';
    do {
      const page = await this.directory.call('ListEntries', { version, page_token: token });
      found.entries.push(...page.entries);
      found.dated_entries.push(...page.dated_entries);
      token = page.next_page_token;
    } while (token);
    return found;
  }

  // A hub that shows two directories has it in two logs.
  async #mustBeInLog(headers, positions) {
    const { signed_note: note } = await this.log.call('GetCheckpoint', {});
    const shown = checkpoint(note, headers.at(-1).log_verifier_key);
    refuseUnless(shown && positions.length === headers.length, 'DIRECTORY_INVALID', 'checkpoint');
    for (const [place, position] of positions.entries()) {
      const { leaf, hashes } = await this.log.call('GetInclusionProof', { position, tree_size: String(shown.size) });
      const said = decode(LEAF, leaf);
      const same = said.event === EVENT.DIRECTORY_PUBLISHED && said.directory_version === headers[place].version
        && said.directory_digest.equals(headerDigest(headers[place]));
      refuseUnless(same && inclusionHolds(leaf, position, shown.size, hashes, shown.root), 'DIRECTORY_INVALID', 'log');
    }
  }

  async compare() {
    const { seen } = this.store;
    const answer = await this.log.call('CompareLog', { seen_note: seen?.note ?? Buffer.alloc(0) });
    const { header } = this.folder.directory;
    const shown = [header.log_verifier_key, ...header.former_log_verifier_keys.slice(0, 1)]
      .map((key) => checkpoint(answer.signed_note, key)).find(Boolean);
    refuseUnless(shown, 'HUB_ANSWER_INVALID', 'signed_note');
    const extended = !seen || consistencyHolds(seen, shown, answer.consistency_hashes);
    if (!extended && !this.#wentOn(seen, shown, answer)) {
      this.behind = 'LOG_BEHIND';
      return;
    }
    if (!seen || shown.size !== seen.size) this.store.write('seen', shown);
    const known = answer.exchanges.every((exchange) => this.#isKnown(exchange));
    this.behind = known || this.goOn ? undefined : 'RECORDS_BEHIND';
  }

  #wentOn(seen, shown, { continuation_leaf: leaf, continuation_hashes: hashes }) {
    return shown.number > seen.number && leaf.length > 0 && decode(LEAF, leaf).event === EVENT.LOG_CONTINUED
      && inclusionHolds(leaf, shown.position, shown.size, hashes, shown.root);
  }

  #isKnown({ provided, inquirer, request_id: requestId, permit_ms: permitted }) {
    if (Number(permitted) < clock.now() - KEPT_MS) return true;
    const name = requestId.toString('hex');
    return provided ? this.store.provisions.has(`${inquirer} ${name}`) : this.store.inquiries.has(name);
  }

  mustNotBeBehind() {
    if (this.behind) throw new Refusal(this.behind);
  }

  stop() {
    this.stopped = true;
    this.versions?.cancel();
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref());

module.exports = { Following };
