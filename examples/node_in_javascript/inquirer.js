// Asking: docs/protocol/node.md#ask and checks.md#the-inquirer.
'use strict';

const { KIND, FLAG, LIFE_MS, encodeContext, decodeContext, wholeMinute } = require('./context.js');
const { randomBytes } = require('./bytes.js');
const clock = require('./clock.js');
const codes = require('./codes.js');
const { CATALOGUE, Refusal, refuseUnless } = require('./errors.js');
const { decode, encode } = require('./messages.js');
const { OUTCOME, ABSENCE, recordOf } = require('./provider.js');
const sealed = require('./sealed.js');
const { statement, sign, verify } = require('./statements.js');

const INQUIRY = 'warifu.api.type.v1.SignedInquiry';
const STATE = { SUBMITTED: 1, PENDING: 2, ANSWERED: 3 };
const OUR_OWN_FAULT = ['REQUEST_MALFORMED', 'SUITE_UNKNOWN', 'POINT_INVALID', 'SIGNATURE_INVALID'];
const SHAPES = { procedure_code: /^JT[0-9A-Z]{14}$/, item_code: /^TM[0-9A-Z]{14}$/, provider: /^[0-9]{16}$/ };

// One inquiry of the business system: built once, kept, sent until it has ended or the caller gives up.
async function inquire(node, inquiry, deadline) {
  node.mustBeReady();
  const faulty = Object.entries(SHAPES).find(([field, shape]) => !shape.test(inquiry?.[field]))?.[0];
  const good = inquiry && !faulty && inquiry.request_id.length === 16 && inquiry.fiscal_year <= 9999;
  refuseUnless(good, 'REQUEST_MALFORMED', `inquiry.${faulty ?? 'request_id'}`);
  const name = inquiry.request_id.toString('hex');
  const content = JSON.stringify(inquiry);
  if (!node.store.inquiries.has(name)) build(node, inquiry, content);
  const kept = node.store.inquiries.get(name);
  refuseUnless(kept.content === content, 'REQUEST_REUSED', 'request_id');
  if (!kept.ended) await share(node, name, () => send(node, kept, deadline));
  return endOf(kept);
}

const underWay = new Map();
function share(node, name, work) {
  if (!underWay.has(name)) underWay.set(name, work().finally(() => underWay.delete(name)));
  return underWay.get(name);
}

function build(node, inquiry, content) {
  const { directory, institution } = node.folder;
  const person = node.store.people.get(inquiry.local_number);
  refuseUnless(person, 'CODE_NOT_ACQUIRED', 'inquiry.local_number');
  const provider = directory.standing.get(inquiry.provider);
  refuseUnless(provider && inquiry.provider !== institution, 'INSTITUTION_UNKNOWN', 'inquiry.provider');
  const issued = wholeMinute(clock.now());
  const { own, held } = entryAndCode(node, person, issued);
  const flags = (inquiry.ordinance && FLAG.ORDINANCE) | (inquiry.consent && FLAG.CONSENT) | (inquiry.non_disclosure && FLAG.NON_DISCLOSURE);
  const context = encodeContext({
    suite: directory.header.suite, kind: KIND.EXCHANGE, request_id: inquiry.request_id, inquirer: institution, provider: inquiry.provider,
    item_code: inquiry.item_code, procedure_code: inquiry.procedure_code, flags, issued_ms: issued, expires_ms: issued + LIFE_MS,
    epoch_from: own.epoch, epoch_to: provider.epoch, key_id_to: provider.key_id,
  });
  const answerKey = randomBytes(32);
  const signed = signedInquiry(node, context, held.code, provider, own, answerKey, inquiry.fiscal_year);
  const asked = statement('inquiry-digest', signed);
  node.store.write('inquiry', {
    ...recordOf(decodeContext(context), asked, '', 0), content, answer_key: answerKey, signed: encode(INQUIRY, signed), state: STATE.SUBMITTED,
  });
}

// Our entry in force and the person's code of it; else a former entry that may still be named, and that one's.
function entryAndCode(node, person, issued) {
  const { directory, institution } = node.folder;
  const good = directory.goodEntriesOf(institution, issued).map((own) => {
    return { own, held: person.codes.find((one) => one.code_epoch === own.code_epoch) };
  });
  const found = good.find(({ held }) => held);
  refuseUnless(found, 'CODE_NOT_ACQUIRED', 'inquiry.local_number');
  return found;
}

function signedInquiry(node, context, code, provider, own, answerKey, year) {
  const { group } = node.folder.directory;
  const { encrypted, r } = codes.encrypt(group, group.point(code), group.point(provider.joint_key));
  const query = { answer_key: sealed.publicOf(answerKey), fiscal_year: year, gossip: node.gossip() };
  const inquiry = {
    context,
    encrypted_code: encrypted,
    sealed_query: sealed.seal('query', provider.sealing_key, context, encode('warifu.api.record.v1.SealedQuery', query)),
    code_proof: codes.proveCode(group, context, encrypted, r),
    citizen_tag: randomBytes(16),
  };
  return { ...inquiry, inquirer_signature: sign(node.folder.keysOf(own).signing, statement('inquiry', inquiry)) };
}

// The same bytes until something definite comes, with pauses that double.
async function send(node, kept, deadline) {
  const inquiry = decode(INQUIRY, kept.signed);
  for (let pause = 50; ; pause = Math.min(2 * pause, 1000)) {
    try {
      const response = await node.hub.call('Exchange', { inquiry }, deadline - 50);
      return finish(node, kept, believe(node, kept, inquiry, response));
    } catch (error) {
      const refusal = asOurs(error, kept);
      if (refusal.definite) return finish(node, kept, { ended: true, reason: refusal.reason });
      if (Date.now() + pause + 100 > deadline) throw refusal;
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}

// What no hub says of an inquiry, or says after a permit was seen, or what would be our fault and not our caller's.
function asOurs(error, kept) {
  if (!(error instanceof Refusal)) throw error;
  const rpcs = CATALOGUE.get(error.reason)?.rpcs ?? ['any'];
  const said = rpcs.includes('any') || rpcs.includes('HubService.Exchange') || !error.definite;
  const odd = error.definite && (!said || kept.state === STATE.PENDING || OUR_OWN_FAULT.includes(error.reason));
  return odd ? new Refusal('HUB_ANSWER_INVALID', error.where) : error;
}

const finish = (node, kept, end) => node.store.write('inquiry end', { request_id: kept.request_id, ...end });

// 5.1. Every fault is HUB_ANSWER_INVALID.
function believe(node, kept, inquiry, response) {
  const need = (good, where) => refuseUnless(good, 'HUB_ANSWER_INVALID', where);
  const { answer, processing_number: number, permitted_position: position } = response;
  need(/^[0-9]{20}$/.test(number) && BigInt(position) < 2n ** 63n, 'processing_number');
  const answered = answer?.outcome === OUTCOME.ANSWERED;
  need(answered || ([OUTCOME.PENDING, OUTCOME.REFUSED].includes(answer?.outcome) && answer.sealed_answer.length === 0), 'outcome');
  need(answer.citizen_tag.length === 16 && answer.provision_time, 'citizen_tag');
  const context = decodeContext(inquiry.context);
  const extra = { asked: kept.inquiry_digest, processing_number: number };
  const provider = node.folder.directory.entriesOf(context.provider).find((entry) => entry.key_id.equals(context.key_id_to));
  need(provider && verify(provider.signing_key, statement('answer', answer, extra), answer.provider_signature), 'provider_signature');
  const told = {
    processing_number: number, permitted_position: position, provided_ms: Number(answer.provision_time.seconds) * 1000,
    answer_digest: statement('answer-digest', answer, extra),
  };
  if (answer.outcome === OUTCOME.PENDING) return { ...told, state: STATE.PENDING };
  if (answer.outcome === OUTCOME.REFUSED) return { ...told, ended: true, reason: 'RELEASE_REFUSED' };
  return { ...told, ended: true, state: STATE.ANSWERED, ...opened(node, kept, inquiry, answer, need) };
}

function opened(node, kept, inquiry, answer, need) {
  let found;
  try {
    const plaintext = sealed.unseal('answer', kept.answer_key, sealed.answerInfo(inquiry.context), answer.sealed_answer);
    found = decode('warifu.api.record.v1.SealedAnswer', plaintext);
  } catch {
    need(false, 'sealed_answer');
  }
  if (found.result === 'record') {
    need(found.record.record_type, 'record_type');
    return { record_type: found.record.record_type, record: found.record.record };
  }
  const reasons = { [ABSENCE.NOT_HELD]: 'RECORD_NOT_HELD', [ABSENCE.NOT_PUBLISHED]: 'RECORD_NOT_PUBLISHED' };
  need(found.result === 'absence' && reasons[found.absence], 'absence');
  return { reason: reasons[found.absence] };
}

function endOf(kept) {
  if (kept.reason) throw new Refusal(kept.reason);
  const { state, processing_number, record_type = '', record = Buffer.alloc(0), permitted_position } = kept;
  return { result: { state, processing_number, record_type, record, permitted_position } };
}

module.exports = { inquire };
