// Answering permits: docs/protocol/checks.md#the-provider. Nothing depends on a person before 4.8.
'use strict';

const { KIND, FLAG, SKEW_MS, checkTimes, decodeContext, wholeMinute } = require('./context.js');
const { hmac256, prefixed, randomBytes } = require('./bytes.js');
const clock = require('./clock.js');
const codes = require('./codes.js');
const { POLICY } = require('./directory.js');
const { Refusal, refuseUnless } = require('./errors.js');
const { decode, encode } = require('./messages.js');
const sealed = require('./sealed.js');
const { statement, sign, verify } = require('./statements.js');

const ANSWER = 'warifu.api.type.v1.SignedAnswer';
const PERMIT = 'warifu.api.type.v1.ProvisionPermit';
const OUTCOME = { ANSWERED: 1, PENDING: 2, REFUSED: 3 };
const ABSENCE = { NOT_HELD: 1, NOT_PUBLISHED: 2 };
const NOBODY = { local_number: '', replicas: new Map(), flags: {} };
const MAY_BE_NEWER = ['EPOCH_STALE', 'INSTITUTION_UNKNOWN', 'SIGNATURE_INVALID'];
const inJapan = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Tokyo' }); // YYYY-MM-DD

const msOf = (timestamp) => Number(timestamp.seconds) * 1000 + Math.floor(timestamp.nanos / 1e6);

async function provide(node, { permit }, deadline) {
  node.mustBeReady();
  refuseUnless(deadline - Date.now() >= 10, 'DEADLINE_TOO_SHORT');
  checkShape(permit);
  const context = decodeContext(permit.inquiry.context);
  const checked = await lookAgain(node, () => check(node, permit, context));
  const known = againFor(node, permit, checked);
  if (known) return { answer: decode(ANSWER, known) };
  checkTimes(context, clock.now());
  const permitted = msOf(permit.permit_time);
  const latest = Math.min(clock.now(), context.expires_ms) + SKEW_MS;
  refuseUnless(permitted >= context.issued_ms - SKEW_MS && permitted <= latest, 'CLOCK_SKEWED', 'permit_time');
  const proven = await node.proven(permit, checked);
  const meanwhile = againFor(node, permit, checked);
  return { answer: decode(ANSWER, meanwhile ?? answer(node, proven, { ...checked, context })) };
}

function checkShape(permit) {
  const need = (good, where) => refuseUnless(good, 'REQUEST_MALFORMED', `permit.${where}`);
  need(permit?.inquiry, 'inquiry');
  need(permit.inquiry.encrypted_code, 'inquiry.encrypted_code');
  need(permit.converted_code, 'converted_code');
}

// 4.1 to 4.6: what needs no memory of this exchange.
function check(node, permit, context) {
  const { directory, table, institution } = node.folder;
  const { inquiry } = permit;
  refuseUnless(context.kind === KIND.EXCHANGE, 'REQUEST_MALFORMED', 'kind');
  refuseUnless(context.suite === directory.header.suite, 'SUITE_UNKNOWN', 'suite');
  refuseUnless(context.provider === institution, 'INSTITUTION_UNKNOWN', 'provider');
  refuseUnless(/^[0-9]{20}$/.test(permit.processing_number), 'REQUEST_MALFORMED', 'processing_number');
  const { seconds, nanos } = permit.permit_time ?? { seconds: '-1' };
  refuseUnless(Number(seconds) >= 0 && Number(seconds) < 253_402_300_800 && nanos >= 0 && nanos < 1e9, 'REQUEST_MALFORMED', 'permit_time');
  const asked = statement('inquiry-digest', inquiry);
  const signed = statement('permit', permit, { asked });
  refuseUnless(directory.signedBy('hub', msOf(permit.permit_time), signed, permit.hub_signature), 'SIGNATURE_INVALID', 'hub_signature');
  const inquirer = directory.entry(context.inquirer, context.epoch_from, context.issued_ms, 'inquirer');
  refuseUnless(verify(inquirer.signing_key, statement('inquiry', inquiry), inquiry.inquirer_signature), 'SIGNATURE_INVALID', 'inquirer_signature');
  const own = directory.entry(institution, context.epoch_to, context.issued_ms, 'epoch_to');
  refuseUnless(own.key_id.equals(context.key_id_to), 'EPOCH_STALE', 'key_id_to');
  const rows = table.rowsThatPermit(context, inquirer, own);
  refuseUnless(rows.includes(permit.permission_row), 'EXCHANGE_NOT_PERMITTED', 'permission_row');
  return { asked, inquirer, own, name: `${context.inquirer} ${context.request_id.toString('hex')}` };
}

async function lookAgain(node, look) {
  try {
    return look();
  } catch (error) {
    if (!MAY_BE_NEWER.includes(error.reason) || !(await node.takeNewer())) throw error;
    return look();
  }
}

// 4.7: the stored answer of a known exchange, or one made anew where a clerk has decided meanwhile.
function againFor(node, permit, { name, asked }) {
  const known = node.store.provisions.get(name);
  if (!known) return undefined;
  const same = known.inquiry_digest.equals(asked) && known.processing_number === permit.processing_number;
  refuseUnless(same, 'PERMIT_REUSED', 'request_id');
  if (known.outcome !== OUTCOME.PENDING || !known.decision) return known.answer;
  const first = decode(PERMIT, known.permit);
  const context = decodeContext(first.inquiry.context);
  const own = node.folder.directory.entry(context.provider, context.epoch_to, context.issued_ms, 'epoch_to');
  return answer(node, first, { ...known, asked, name, own, context, released: known.decision === 'release' });
}

// 4.8 to 4.11. released: what a clerk said; undefined where none was asked.
function answer(node, permit, { context, asked, inquirer, own, name, released }) {
  const { inquiry } = permit;
  const keys = node.folder.keysOf(own);
  const query = openQuery(keys, inquiry);
  if (released === undefined && node.folder.directory.header.proof_policy.kind === POLICY.ALWAYS) {
    refuseUnless(proofHolds(node.folder.directory.group, permit, inquirer, own), 'CONVERSION_NOT_PROVEN', 'conversion_proof');
  }
  const code = codes.open(node.folder.directory.group, permit.converted_code, keys.y);
  const person = node.store.people.get(node.store.holderOf(code)) ?? NOBODY;
  const waits = person.flags.auto_response_disabled && released === undefined;
  const outcome = waits ? OUTCOME.PENDING : released === false ? OUTCOME.REFUSED : OUTCOME.ANSWERED;
  const found = foundFor(node, person, context.item_code, query.fiscal_year);
  const box = sealAnswer(query, inquiry, { ...found, gossip: node.gossip() });
  const now = wholeMinute(clock.now());
  const made = {
    outcome,
    sealed_answer: outcome === OUTCOME.ANSWERED ? box : Buffer.alloc(0),
    provision_time: { seconds: String(now / 1000), nanos: 0 },
    citizen_tag: randomBytes(16),
  };
  const extra = { asked, processing_number: permit.processing_number };
  made.provider_signature = sign(keys.signing, statement('answer', made, extra));
  node.store.write('provision', {
    ...recordOf(context, asked, permit.processing_number, outcome === OUTCOME.ANSWERED ? now : undefined), name, outcome, answer: encode(ANSWER, made),
    answer_digest: statement('answer-digest', made, extra), local_number: person.local_number,
    permit: waits ? encode(PERMIT, permit) : undefined, reason: outcome === OUTCOME.REFUSED ? 'RELEASE_REFUSED' : undefined,
  });
  return node.store.provisions.get(name).answer;
}

function openQuery({ sealing }, inquiry) {
  try {
    const query = decode('warifu.api.record.v1.SealedQuery', sealed.unseal('query', sealing, inquiry.context, inquiry.sealed_query));
    if (query.answer_key.length === 32 && query.fiscal_year <= 9999) return query;
  } catch { /* every fault of a box is one */ }
  throw new Refusal('REQUEST_MALFORMED', 'sealed_query');
}

function proofHolds(group, permit, inquirer, own) {
  const [SA, SB, H, Y] = [inquirer.factor_commitment, own.factor_commitment, own.opening_key, own.agency_key].map((key) => group.point(key));
  const { context, encrypted_code: code } = permit.inquiry;
  return codes.conversionHolds(group, { SA, SB, H, Y }, context, code, permit.converted_code, permit.conversion_proof);
}

// Of sampled conversions, one in so many is proven on demand: which, the hub cannot foresee.
async function drawnAndProven(node, permit, { asked, inquirer, own }) {
  const { directory, rowSecret } = node.folder;
  const { kind, one_in: oneIn } = directory.header.proof_policy;
  if (kind !== POLICY.SAMPLED) return permit;
  const drawn = hmac256(hmac256(rowSecret, 'warifu-v1/proof-draw'), prefixed(asked, permit.converted_code.c1, permit.converted_code.c2));
  if (BigInt(`0x${drawn.toString('hex')}`) % BigInt(oneIn) !== 0n) return permit;
  const answered = await node.hub.call('ProveConversions', { permits: [permit] }).catch(() => ({ proven: [] }));
  const { conversion_proof: proof, hub_signature: signature } = answered.proven[0] ?? {};
  refuseUnless(proof?.length, 'CONVERSION_NOT_PROVEN', 'conversion_proof');
  const proven = { ...permit, conversion_proof: proof, hub_signature: signature };
  const signed = statement('permit', proven, { asked });
  refuseUnless(directory.signedBy('hub', msOf(permit.permit_time), signed, signature), 'CONVERSION_NOT_PROVEN', 'hub_signature');
  refuseUnless(proofHolds(directory.group, proven, inquirer, own), 'CONVERSION_NOT_PROVEN', 'conversion_proof');
  return proven;
}

function foundFor(node, person, item, year) {
  const held = [...person.replicas.values()].filter((one) => one.item_code === item && (year === 0 || one.fiscal_year === year));
  const today = inJapan.format(clock.now());
  const published = held.filter((one) => one.publication_start <= today && (!one.publication_end || today <= one.publication_end));
  const order = (a, b) => b.fiscal_year - a.fiscal_year || (a.publication_start < b.publication_start ? 1 : -1);
  const [best] = published.sort(order);
  if (best) return { record: { record_type: node.folder.table.items.get(item).message, record: best.record } };
  return { absence: held.length ? ABSENCE.NOT_PUBLISHED : ABSENCE.NOT_HELD };
}

function sealAnswer(query, inquiry, content) {
  const plaintext = encode('warifu.api.record.v1.SealedAnswer', content);
  try {
    return sealed.seal('answer', query.answer_key, sealed.answerInfo(inquiry.context), plaintext);
  } catch {
    throw new Refusal('REQUEST_MALFORMED', 'answer_key'); // of small order
  }
}

// The law's record of an exchange (Act Art. 23), with no payload in it.
function recordOf(context, asked, processingNumber, now) {
  return {
    request_id: context.request_id.toString('hex'), processing_number: processingNumber, inquirer: context.inquirer, provider: context.provider,
    procedure_code: context.procedure_code, item_code: context.item_code, requested_ms: wholeMinute(context.issued_ms), provided_ms: now,
    inquiry_digest: asked, non_disclosure: Boolean(context.flags & FLAG.NON_DISCLOSURE),
  };
}

module.exports = { provide, drawnAndProven, recordOf, OUTCOME, ABSENCE, ANSWER, PERMIT };
