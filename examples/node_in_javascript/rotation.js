// Our codes of the next code epoch, from the hub, which sees neither: docs/protocol/codes.md#rotating-codes.
'use strict';

const { randomBytes } = require('./bytes.js');
const clock = require('./clock.js');
const { KIND, LIFE_MS, encodeContext } = require('./context.js');
const codes = require('./codes.js');
const { Refusal, refuseUnless } = require('./errors.js');
const { randomScalar } = require('./groups.js');
const { statement, sign } = require('./statements.js');

const MOST = 999; // and the mixture
const NONE = { item_code: 'TM00000000000000', procedure_code: 'JT00000000000000' };

// Σ w_i·N_i + w·S: with secret weights, whoever exchanges or changes a code cannot change this to fit.
function mixture(points, weights, commitment) {
  return [...points, commitment].map((point, place) => point.multiply(weights[place])).reduce((sum, point) => sum.add(point));
}

// The entry whose codes we should have: the one announced, or the one in force.
function newest(node) {
  const own = node.folder.directory.entriesOf(node.folder.institution);
  return own.reduce((best, entry) => (entry.epoch > best.epoch ? entry : best));
}

// Everybody who has no code of the newest code epoch, yet one that can be rotated to it, with that code's entry.
function behind(node) {
  const to = newest(node);
  const entries = node.folder.directory.entriesOf(node.folder.institution).filter((entry) => entry.code_epoch < to.code_epoch);
  return [...node.store.people.values()].flatMap((person) => {
    if (person.codes.some((held) => held.code_epoch === to.code_epoch)) return [];
    return entries.map((from) => ({ person, from, held: person.codes.find((held) => held.code_epoch === from.code_epoch) }))
      .filter(({ held }) => held).slice(-1);
  });
}

// Rotates what there is to rotate, batch by batch.
async function rotate(node) {
  const to = newest(node);
  for (let waiting = behind(node); waiting.length; waiting = behind(node)) {
    const { from } = waiting[0];
    await rotateBatch(node, waiting.filter((one) => one.from === from).slice(0, MOST), from, to);
  }
}

async function rotateBatch(node, batch, from, to) {
  const { directory, institution } = node.folder;
  const { group } = directory;
  const former = batch.map(({ held }) => group.point(held.code));
  const weights = [...former, undefined].map(() => randomScalar());
  const mixed = mixture(former, weights, group.point(from.factor_commitment));
  const issued = clock.now();
  const context = encodeContext({
    suite: directory.header.suite, kind: KIND.ROTATE, request_id: randomBytes(16), inquirer: institution, provider: institution, ...NONE,
    flags: 0, issued_ms: issued, expires_ms: issued + LIFE_MS, epoch_from: from.epoch, epoch_to: to.epoch, key_id_to: to.key_id,
  });
  const joint = group.point(to.joint_key);
  const request = { context, encrypted_codes: [...former, mixed].map((point) => codes.encrypt(group, point, joint).encrypted) };
  const { y, signing } = node.folder.keysOf(to);
  const response = await node.hub.call('RotateCodes', { ...request, agency_signature: sign(signing, statement('rotation', request)) });
  const found = believe(directory, context, response, y, batch.length + 1);
  const fits = mixture(found.slice(0, -1), weights, group.point(to.factor_commitment)).equals(found.at(-1));
  refuseUnless(fits, 'HUB_ANSWER_INVALID', 'converted_codes');
  batch.forEach(({ person }, place) => {
    node.store.write('code', { local_number: person.local_number, code: group.bytes(found[place]), code_epoch: to.code_epoch });
  });
}

function believe(directory, context, response, y, count) {
  const { group } = directory;
  const signed = statement('conversion', { ...response, context, conversion_proofs: [] });
  const good = response.converted_codes.length === count && directory.signedBy('hub', clock.now(), signed, response.hub_signature);
  refuseUnless(good, 'HUB_ANSWER_INVALID', 'hub_signature');
  try {
    return response.converted_codes.map((one) => group.point(codes.open(group, one, y)));
  } catch {
    throw new Refusal('HUB_ANSWER_INVALID', 'converted_codes');
  }
}

module.exports = { rotate, behind, newest, mixture };
