// Permits that a hub may send, honest and spoilt in every field: node --test examples/node_in_javascript/provider.test.js
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const test = require('node:test');
const { randomBytes } = require('./bytes.js');
const { Directory, POLICY, headerDigest } = require('./directory.js');
const { CATALOGUE, Refusal } = require('./errors.js');
const { gossipOf } = require('./log.js');
const { decode } = require('./messages.js');
const { PermissionTable } = require('./permissions.js');
const { provide } = require('./provider.js');
const { scalarFrom } = require('./groups.js');
const sealed = require('./sealed.js');
const { statement, sign, verify } = require('./statements.js');
const { Store } = require('./store.js');

const FOLDER = path.join(__dirname, '..', '..', 'tests', 'vectors', 'protocol');
const vectors = (name) => JSON.parse(fs.readFileSync(path.join(FOLDER, name), 'utf8'));
const hex = (text) => Buffer.from(text, 'hex');
const NOW = 1_781_492_470_000; // ten seconds after the vectors' permit
const TABLE = `
procedures: [{code: JT99000000000001}]
items: [{code: TM00000000000002, message: warifu.api.record.v1.LocalTaxRecord}]
rows: [{number: R01, procedure: JT99000000000001, inquirers: [childcare], grants: [{provider: tax, item: TM00000000000002}]}]
assessments: [{kind: tax, items: [TM00000000000002], status: in_force}, {kind: childcare, items: [TM00000000000002], status: in_force}]
`;

for (const suite of [1, 2]) {
  const told = vectors(`exchange-suite${suite}.json`);
  const { tax } = vectors(`codes-suite${suite}.json`).agencies;
  const file = decode('warifu.api.directory.v1.DirectoryFile', hex(vectors(`directory-suite${suite}.json`).versions[1].file));
  file.header.proof_policy = { kind: POLICY.ALWAYS, one_in: 0 }; // the vectors' networks differ in it
  const permitted = () => decode('warifu.api.type.v1.ProvisionPermit', hex(told.messages.permit));

  // A tax office that knows nobody, at the time of the vectors.
  function office(t) {
    t.mock.timers.enable({ apis: ['Date'], now: NOW });
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'node-'));
    t.after(() => fs.rmSync(folder, { recursive: true }));
    const keys = { y: scalarFrom(hex(tax.y)), sealing: hex(told.sealing.private), signing: hex(told.signing.provider.seed) };
    return {
      store: new Store(path.join(folder, 'node.journal'), randomBytes(32), randomBytes(32)),
      mustBeReady: () => {}, takeNewer: async () => false, proven: async (permit) => permit,
      gossip: () => gossipOf(undefined, 2, headerDigest(file.header)),
      folder: { directory: new Directory(file), table: new PermissionTable(Buffer.from(TABLE)), institution: tax.institution, keysOf: () => keys },
    };
  }

  const give = (node, permit) => provide(node, { permit }, NOW + 10_000);
  const signedAgain = (permit) => {
    const signed = statement('permit', permit, { asked: statement('inquiry-digest', permit.inquiry ?? {}) });
    return { ...permit, hub_signature: sign(hex(told.signing.hub.seed), signed) };
  };

  test(`an honest permit is answered, and the same again, suite ${suite}`, async (t) => {
    const node = office(t);
    const { answer } = await give(node, permitted());
    const { inquiry, processing_number } = permitted();
    const about = { asked: statement('inquiry-digest', inquiry), processing_number };
    assert.ok(verify(hex(told.signing.provider.public), statement('answer', answer, about), answer.provider_signature));
    const opened = sealed.unseal('answer', hex(told.answer_key.private), sealed.answerInfo(inquiry.context), answer.sealed_answer);
    assert.strictEqual(decode('warifu.api.record.v1.SealedAnswer', opened).absence, 1);
    assert.deepStrictEqual((await give(node, permitted())).answer, answer);
    assert.strictEqual(node.store.provisions.size, 1);
    await assert.rejects(give(node, signedAgain({ ...permitted(), processing_number: '2'.repeat(20) })), { reason: 'PERMIT_REUSED' });
  });

  const SPOILERS = {
    empty: () => Buffer.alloc(0),
    cut: (bytes) => bytes.subarray(0, -1),
    'too long': (bytes) => Buffer.concat([bytes, Buffer.alloc(1)]),
    flipped: (bytes) => Buffer.concat([bytes.subarray(0, -1), Buffer.from([bytes.at(-1) ^ 1])]),
    zero: (bytes) => Buffer.alloc(bytes.length),
    ones: (bytes) => Buffer.alloc(bytes.length, 255),
  };
  const spoilt = function* (value, rebuilt) {
    for (const [field, inner] of Object.entries(value)) {
      const put = (other) => rebuilt({ ...value, [field]: other });
      if (Buffer.isBuffer(inner)) for (const [how, spoil] of Object.entries(SPOILERS)) yield [`${field} ${how}`, put(spoil(inner))];
      else if (inner !== null && typeof inner === 'object') {
        yield [`no ${field}`, put(null)];
        yield* spoilt(inner, put);
      } else if (typeof inner === 'string') yield [`${field} of nothing`, put(field === 'seconds' ? '-1' : '')];
      else yield [`${field} of less than nothing`, put(-1)];
    }
  };

  test(`whatever is spoilt is refused with a reason that a provider has, suite ${suite}`, async (t) => {
    const node = office(t);
    let count = 0;
    for (const [what, permit] of spoilt(permitted(), (made) => made)) {
      for (const sent of what.startsWith('hub_signature') ? [permit] : [permit, signedAgain(permit)]) {
        await assert.rejects(give(node, sent), (error) => {
          return error instanceof Refusal && error.definite && CATALOGUE.get(error.reason).rpcs.some((rpc) => ['any', 'AgencyService.Provide'].includes(rpc));
        }, what);
        count += 1;
      }
    }
    assert.ok(count > 100);
    assert.strictEqual(node.store.provisions.size, 0, 'nothing was provided');
  });
}
