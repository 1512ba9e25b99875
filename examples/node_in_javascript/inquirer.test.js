// What a hub may bring back that is no answer: node --test examples/node_in_javascript/inquirer.test.js
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { randomBytes } = require('./bytes.js');
const { Directory, headerDigest } = require('./directory.js');
const { Refusal } = require('./errors.js');
const { inquire } = require('./inquirer.js');
const { gossipOf } = require('./log.js');
const { decode, encode } = require('./messages.js');
const sealed = require('./sealed.js');
const { statement, sign } = require('./statements.js');
const { Store } = require('./store.js');

const FOLDER = path.join(__dirname, '..', '..', 'tests', 'vectors', 'protocol');
const vectors = (name) => JSON.parse(fs.readFileSync(path.join(FOLDER, name), 'utf8'));
const hex = (text) => Buffer.from(text, 'hex');
const secrets = vectors('exchange-suite1.json');
const agencies = vectors('codes-suite1.json').agencies;
const file = decode('warifu.api.directory.v1.DirectoryFile', hex(vectors('directory-suite1.json').versions[1].file));
const directory = new Directory(file);
const NUMBER = '20260615123456789012';

// A childcare office that knows one person; hub is asked in place of the hub.
function office(t, hub) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const store = new Store(path.join(folder, 'node.journal'), randomBytes(32), randomBytes(32));
  const codeEpoch = directory.standing.get(agencies.childcare.institution).code_epoch;
  store.write('code', { local_number: 'C-1', code: hex(vectors('codes-suite1.json').issuing.code), code_epoch: codeEpoch });
  const keysOf = () => ({ signing: hex(secrets.signing.inquirer.seed) });
  return {
    store, hub: { call: (method, { inquiry }) => hub(inquiry) }, mustBeReady: () => {},
    gossip: () => gossipOf(undefined, 2, headerDigest(file.header)), folder: { directory, institution: agencies.childcare.institution, keysOf },
  };
}

const question = () => ({
  request_id: randomBytes(16), local_number: 'C-1', procedure_code: 'JT99000000000001', item_code: 'TM00000000000002',
  provider: agencies.tax.institution, fiscal_year: 0, ordinance: false, consent: false, non_disclosure: false,
});

// An honest provider behind an honest hub, but for what spoilt changes, before or after it is signed.
const honest = (spoilt = {}) => async (inquiry) => {
  const query = decode('warifu.api.record.v1.SealedQuery', sealed.unseal('query', hex(secrets.sealing.private), inquiry.context, inquiry.sealed_query));
  const content = spoilt.content ?? { record: { record_type: 'x.Y', record: Buffer.from('r') } };
  const info = sealed.answerInfo(spoilt.context ?? inquiry.context);
  const answer = {
    outcome: 1,
    sealed_answer: sealed.seal('answer', spoilt.key ?? query.answer_key, info, encode('warifu.api.record.v1.SealedAnswer', content)),
    provision_time: { seconds: '1781492460', nanos: 0 },
    citizen_tag: randomBytes(16),
    ...spoilt.answer,
  };
  const about = { asked: statement('inquiry-digest', inquiry), processing_number: NUMBER, ...spoilt.about };
  answer.provider_signature = sign(hex(spoilt.seed ?? secrets.signing.provider.seed), statement('answer', answer, about));
  return { processing_number: NUMBER, permitted_position: '7', answer: { ...answer, ...spoilt.signed }, ...spoilt.response };
};

const ask = (node, asked = question()) => inquire(node, asked, Date.now() + 100);
const NONE = Buffer.alloc(0);

test('an honest answer is handed over', async (t) => {
  const { result } = await ask(office(t, honest()));
  assert.deepStrictEqual([result.state, result.record_type, result.record.toString()], [3, 'x.Y', 'r']);
});

const SPOILT = {
  'a short processing number': { response: { processing_number: '1' } },
  'another processing number': { response: { processing_number: '20260615123456789013' } },
  'a position that is none': { response: { permitted_position: String(2n ** 63n) } },
  'no answer': { response: { answer: null } },
  'no outcome': { answer: { outcome: 0 } },
  'an outcome that is none': { answer: { outcome: 9 } },
  'no box': { answer: { sealed_answer: NONE } },
  'a box that waits for a clerk': { answer: { outcome: 2 } },
  'a box that was refused': { answer: { outcome: 3 } },
  'a short citizen tag': { answer: { citizen_tag: Buffer.alloc(15) } },
  'no time': { answer: { provision_time: null } },
  'another time': { signed: { provision_time: { seconds: '1781492520', nanos: 0 } } },
  'an answer to another inquiry': { about: { asked: Buffer.alloc(32) } },
  'an answer under another number': { about: { processing_number: '20260615123456789013' } },
  'a signature of the inquirer': { seed: secrets.signing.inquirer.seed },
  'a signature of the hub': { seed: secrets.signing.hub.seed },
  'no signature': { signed: { provider_signature: NONE } },
  'a changed outcome': { signed: { outcome: 3, sealed_answer: NONE } },
  'a box for another exchange': { context: Buffer.alloc(116) },
  'a box for another key': { key: sealed.publicOf(randomBytes(32)) },
  'a box of no size': { answer: { sealed_answer: Buffer.alloc(561) } },
  'neither record nor absence': { content: {} },
  'an absence that is none': { content: { absence: 0 } },
  'a record of no type': { content: { record: { record_type: '', record: Buffer.from('r') } } },
};

for (const [what, spoilt] of Object.entries(SPOILT)) {
  test(`${what} is no answer, and nothing is known`, async (t) => {
    const node = office(t, honest(spoilt));
    const asked = question();
    await assert.rejects(ask(node, asked), { reason: 'HUB_ANSWER_INVALID', definite: false });
    node.hub.call = (method, { inquiry }) => honest()(inquiry);
    assert.strictEqual((await ask(node, asked)).result.state, 3, 'the same inquiry gets its answer later');
  });
}

test('what the hub refuses has ended, and is not asked again', async (t) => {
  let calls = 0;
  const node = office(t, async () => {
    calls += 1;
    throw new Refusal('EXCHANGE_NOT_PERMITTED');
  });
  const asked = question();
  for (let i = 0; i < 2; i++) await assert.rejects(ask(node, asked), { reason: 'EXCHANGE_NOT_PERMITTED', definite: true });
  assert.strictEqual(calls, 1);
});

for (const reason of ['RECORD_NOT_HELD', 'REQUEST_MALFORMED', 'SIGNATURE_INVALID', 'POINT_INVALID']) {
  test(`${reason} is nothing that the hub can say of an inquiry`, async (t) => {
    const node = office(t, async () => {
      throw new Refusal(reason);
    });
    await assert.rejects(ask(node), { reason: 'HUB_ANSWER_INVALID', definite: false });
  });
}

test('a refusal after a permit was seen is believed of nobody', async (t) => {
  const node = office(t, honest({ answer: { outcome: 2, sealed_answer: NONE } }));
  const asked = question();
  assert.strictEqual((await ask(node, asked)).result.state, 2);
  node.hub.call = async () => {
    throw new Refusal('EXCHANGE_NOT_PERMITTED');
  };
  await assert.rejects(ask(node, asked), { reason: 'HUB_ANSWER_INVALID', definite: false });
  node.hub.call = (method, { inquiry }) => honest()(inquiry);
  assert.strictEqual((await ask(node, asked)).result.state, 3);
});

test('the same bytes are sent again, whatever happened between', async (t) => {
  const sent = [];
  const node = office(t, async (inquiry) => {
    sent.push(encode('warifu.api.type.v1.SignedInquiry', inquiry).toString('hex'));
    if (sent.length < 3) throw new Refusal('HUB_TIMED_OUT');
    return honest()(inquiry);
  });
  await inquire(node, question(), Date.now() + 5000);
  assert.deepStrictEqual([sent.length, new Set(sent).size], [3, 1]);
});
