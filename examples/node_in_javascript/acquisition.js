// Codes for people, from the numbering authority: docs/protocol/checks.md#codes-that-are-issued.
'use strict';

const { randomBytes } = require('./bytes.js');
const clock = require('./clock.js');
const { KIND, checkTimes, decodeContext } = require('./context.js');
const codes = require('./codes.js');
const { POLICY } = require('./directory.js');
const { Refusal, refuseUnless } = require('./errors.js');
const { statement } = require('./statements.js');

const FAILURES = ['NUMBER_MALFORMED', 'NUMBER_NOT_DESIGNATED'];
const BATCH = 50;

// people: { local_number, my_number }. The numbers are forgotten with the request. What came of each, in order.
async function acquire(node, people, deadline) {
  const good = people.length >= 1 && people.length <= 1000 && people.every(({ local_number: number }) => /^[^]{1,64}$/u.test(number));
  refuseUnless(good, 'REQUEST_MALFORMED', 'people');
  const acquisitions = people.map(({ my_number: number }) => ({ acquisition_number: randomBytes(16), my_number: number }));
  const { issued_codes: issued, receipt } = await ask(node, acquisitions, deadline);
  const need = (held, where) => refuseUnless(held, 'HUB_ANSWER_INVALID', where);
  need(issued.length === acquisitions.length, 'issued_codes');
  issued.forEach((one, place) => {
    need(one.acquisition_number.equals(acquisitions[place].acquisition_number), 'acquisition_number');
    need(one.result === 'converted_code' || FAILURES.includes(one.failure?.reason), 'failure');
  });
  const converted = issued.filter((one) => one.result === 'converted_code').map((one) => one.converted_code);
  const opened = converted.length ? believe(node, receipt, converted, need) : { codes: [] };
  const results = issued.map((one, place) => {
    const reason = one.failure?.reason ?? keep(node, people[place].local_number, opened.codes.shift(), opened.codeEpoch);
    return { local_number: people[place].local_number, reason };
  });
  return { results };
}

// One batch on a stream of its own.
function ask(node, acquisitions, deadline) {
  return node.authority.stream('AcquireCodes', { acquisitions }, deadline);
}

function believe(node, receipt, converted, need) {
  const { directory, institution } = node.folder;
  const { own, context } = contextOf(node, receipt, need);
  const at = context.issued_ms;
  need(directory.signedBy('authority', at, statement('issue', receipt), receipt.authority_signature), 'authority_signature');
  const signed = statement('conversion', receipt, { converted_codes: converted });
  need(directory.signedBy('hub', at, signed, receipt.hub_signature), 'hub_signature');
  try {
    checkTimes(context, clock.now());
  } catch {
    need(false, 'context');
  }
  const { y } = node.folder.keysOf(own);
  if (directory.header.proof_policy.kind !== POLICY.OFF) {
    refuseUnless(proofsHold(directory.group, receipt, converted, own), 'CONVERSION_NOT_PROVEN', institution);
  }
  return { codes: converted.map((one) => openedCode(directory.group, one, y)), codeEpoch: own.code_epoch };
}

function contextOf(node, receipt, need) {
  const { directory, institution } = node.folder;
  try {
    const context = decodeContext(receipt.context);
    const own = directory.entry(institution, context.epoch_to, context.issued_ms, 'epoch_to');
    need(context.kind === KIND.ISSUE && context.provider === institution, 'context');
    need(context.inquirer === directory.header.authority_institution_code && own.key_id.equals(context.key_id_to), 'context');
    return { own, context };
  } catch {
    throw new Refusal('HUB_ANSWER_INVALID', 'context');
  }
}

function proofsHold(group, receipt, converted, own) {
  const { context, encrypted_codes: encrypted, conversion_proofs: proofs } = receipt;
  if (encrypted.length !== converted.length || proofs.length !== Math.ceil(converted.length / BATCH)) return false;
  const [SB, H, Y] = [own.factor_commitment, own.opening_key, own.agency_key].map((key) => group.point(key));
  return proofs.every((proof, i) => {
    const [from, to] = [i * BATCH, (i + 1) * BATCH];
    return codes.batchHolds(group, { SA: group.G, SB, H, Y }, context, encrypted.slice(from, to), converted.slice(from, to), proof);
  });
}

function openedCode(group, converted, y) {
  try {
    const code = codes.open(group, converted, y);
    group.point(code); // not the identity
    return code;
  } catch {
    throw new Refusal('CONVERSION_NOT_PROVEN', 'converted_code');
  }
}

// Empty when the code is filed; else why it is not.
function keep(node, number, code, codeEpoch) {
  const { store } = node;
  const held = store.people.get(number)?.codes.find((one) => one.code_epoch === codeEpoch);
  const holder = store.holderOf(code);
  if ((holder !== undefined && holder !== number) || (held && !held.code.equals(code))) return 'CODE_ALREADY_HELD';
  if (!held) store.write('code', { local_number: number, code, code_epoch: codeEpoch });
  return '';
}

module.exports = { acquire };
