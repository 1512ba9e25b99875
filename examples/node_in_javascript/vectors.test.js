// Every vector that a node needs, made again: node --test examples/node_in_javascript/vectors.test.js
'use strict';

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const bytes = require('./bytes.js');
const { GROUPS, mod, scalarBytes, scalarFrom, invert } = require('./groups.js');
const { STATEMENTS, statement, sign, verify, verifyAlone } = require('./statements.js');
const { encodeContext, decodeContext } = require('./context.js');
const codes = require('./codes.js');
const rotation = require('./rotation.js');
const sealed = require('./sealed.js');
const log = require('./log.js');
const messages = require('./messages.js');
const { CATALOGUE } = require('./errors.js');
const directory = require('./directory.js');

const FOLDER = path.join(__dirname, '..', '..', 'tests', 'vectors');
const vectors = (name) => JSON.parse(fs.readFileSync(path.join(FOLDER, name), 'utf8'));
const hex = (text) => Buffer.from(text, 'hex');
const scalar = (text) => scalarFrom(hex(text));
const same = (made, told) => assert.strictEqual(Buffer.from(made).toString('hex'), told);
const TEXTS = /^(institution_(code|kind|name)|network|(hub|authority)_institution_code|processing_number|permission_row|log_verifier_key)$/;

// A statement's fields as the vectors have them: bytes in hexadecimal, text as it is.
function fieldsOf(value, name = '') {
  if (Array.isArray(value)) return value.map((inner) => (name === 'former_log_verifier_keys' ? inner : fieldsOf(inner)));
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fieldsOf(inner, key)]));
  }
  return typeof value === 'string' && !TEXTS.test(name) ? hex(value) : value;
}

const FUNCTIONS = {
  prefixed: (step, items) => bytes.prefixed(step.label, ...items),
  digest: (step, items) => bytes.digest(step.label, ...items),
  prefixed: (step, items) => bytes.prefixed(step.label, ...items),
  keyed_blake2b: (step, items, key) => bytes.keyedBlake2b(key, step.size, bytes.prefixed(step.label, ...items)),
  hmac_sha256_of_label: (step, items, key) => bytes.hmac256(key, Buffer.from(step.label)),
  hmac_sha512: (step, items, key) => {
    return bytes.hmac512(key, bytes.prefixed(...(step.label ? [step.label] : []), ...items)).subarray(0, step.first ?? 64);
  },
  hmac_sha512_bare: (step, items, key) => bytes.hmac512(key, Buffer.concat(items)),
  hash_to_scalar: (step, items) => scalarBytes(GROUPS[step.suite].hashToScalar(step.label, ...items)),
  hash_to_point: (step, items) => GROUPS[step.suite].bytes(GROUPS[step.suite].hashToPoint(items[0])),
  merkle_root: (step) => codes.treeRoot([step.leaf, step.right].map((leaf) => bytes.sha256(bytes.u8(0), hex(leaf)))),
  ed25519: (step, items) => sign(hex(step.seed), items[0]),
};

test('labels', () => {
  for (const { label, steps, value } of vectors('protocol/labels.json').labels) {
    const made = [];
    const bytesOf = (text) => (text.startsWith('$') ? made[Number(text.slice(1))] : hex(text));
    for (const step of steps) made.push(FUNCTIONS[step.function](step, (step.items ?? []).map(bytesOf), step.key && bytesOf(step.key)));
    assert.strictEqual(made.at(-1).toString('hex'), value, label);
  }
});

test('contexts', () => {
  const { good, bad } = vectors('protocol/context.json');
  for (const { fields, bytes: told } of good) {
    same(encodeContext({ ...fields, request_id: hex(fields.request_id), key_id_to: hex(fields.key_id_to) }), told);
    same(encodeContext(decodeContext(hex(told))), told);
  }
  for (const { field, why, bytes: told } of bad) {
    assert.throws(() => decodeContext(hex(told)), (error) => error.reason === 'REQUEST_MALFORMED' && error.where.includes(field), why);
  }
});

for (const suite of [1, 2]) {
  const group = GROUPS[suite];
  const point = (text) => group.point(hex(text));
  const code = (pair) => ({ c1: hex(pair.c1), c2: hex(pair.c2) });
  const v = vectors(`protocol/codes-suite${suite}.json`);
  const { childcare, tax } = v.agencies;

  test(`codes, suite ${suite}`, () => {
    same(group.bytes(group.G), v.G);
    same(group.bytes(group.G.multiply(scalar(tax.y))), tax.Y);
    for (const agency of [childcare, tax, v.rotating.after]) {
      const entry = {
        institution_code: agency.institution, epoch: agency.epoch, agency_key: hex(agency.Y), opening_key: hex(agency.H),
        joint_key: hex(agency.Y_J), joint_key_proof: hex(agency.joint_key_proof),
      };
      assert.ok(codes.jointKeyHolds(group, entry));
      assert.ok(!codes.jointKeyHolds(group, { ...entry, epoch: agency.epoch + 1 }));
    }
  });

  test(`exchanged codes, suite ${suite}`, () => {
    const factors = { SA: point(childcare.S), SB: point(tax.S), H: point(tax.H), Y: point(tax.Y) };
    for (const [place, inquiry] of v.exchanging.inquiries.entries()) {
      const r = scalar(inquiry.r);
      const { encrypted } = codes.encrypt(group, point(v.issuing.codes[0]), point(tax.Y_J), r);
      assert.deepStrictEqual(encrypted, code(inquiry.encrypted));
      same(codes.proveCode(group, hex(inquiry.context), encrypted, r, scalar(inquiry.code_proof_nonce)), inquiry.code_proof);
      const holds = (proof) => codes.conversionHolds(group, factors, hex(inquiry.context), encrypted, code(inquiry.converted), proof);
      assert.ok(holds(hex(inquiry.proof)));
      assert.strictEqual(holds(hex(v.exchanging.proof_alone)), place === 0);
      for (const size of [0, 32, 96, 127, 129]) assert.ok(!holds(hex(inquiry.proof).subarray(0, size)), String(size));
    }
    const opened = codes.open(group, code(v.exchanging.inquiries[0].converted), scalar(tax.y));
    same(opened, v.exchanging.code);
    same(codes.rowKey(hex(v.exchanging.row_secret), opened), v.exchanging.row_key);
  });

  test(`issued codes, suite ${suite}`, () => {
    const { issuing } = v;
    const factors = { SA: group.G, SB: point(childcare.S), H: point(childcare.H), Y: point(childcare.Y) };
    const [encrypted, converted] = [issuing.encrypted.map(code), issuing.converted.map(code)];
    assert.ok(codes.batchHolds(group, factors, hex(issuing.context), encrypted, converted, hex(issuing.proof)));
    assert.ok(!codes.batchHolds(group, factors, hex(issuing.context), encrypted, [...converted].reverse(), hex(issuing.proof)));
    for (const [place, one] of converted.entries()) same(codes.open(group, one, scalar(childcare.y)), issuing.codes[place]);
    assert.strictEqual(mod(invert(scalar(childcare.s)) * scalar(childcare.s)), 1n);
  });

  test(`rotated codes, suite ${suite}`, () => {
    const { after, weights, encrypted, r, converted, codes: told } = v.rotating;
    const [w, secrets] = [weights.map(scalar), r.map(scalar)];
    const mixed = rotation.mixture([point(v.exchanging.code)], w, point(tax.S));
    for (const [place, one] of [point(v.exchanging.code), mixed].entries()) {
      assert.deepStrictEqual(codes.encrypt(group, one, point(after.Y_J), secrets[place]).encrypted, code(encrypted[place]));
    }
    const opened = converted.map((one) => codes.open(group, code(one), scalar(after.y)));
    opened.forEach((one, place) => same(one, told[place]));
    same(group.bytes(rotation.mixture([group.point(opened[0])], w, point(after.S))), told[1]);
  });

  test(`statements, suite ${suite}`, () => {
    for (const file of ['exchange', 'directory']) {
      for (const told of vectors(`protocol/${file}-suite${suite}.json`).statements) {
        const made = statement(told.label.replace('warifu-v1/', ''), fieldsOf(told.fields));
        assert.strictEqual(made.toString('hex'), told.statement, told.label);
        if (told.seed) same(sign(hex(told.seed), made), told.signature);
      }
    }
  });

  test(`messages and boxes of an exchange, suite ${suite}`, () => {
    const told = vectors(`protocol/exchange-suite${suite}.json`);
    const [permit, answer] = ['permit', 'answer'].map((name) => {
      return messages.decode(`warifu.api.type.v1.${name === 'permit' ? 'ProvisionPermit' : 'SignedAnswer'}`, hex(told.messages[name]));
    });
    const asked = statement('inquiry-digest', permit.inquiry);
    const { inquirer, provider, hub } = told.signing;
    assert.ok(verify(hex(inquirer.public), statement('inquiry', permit.inquiry), permit.inquiry.inquirer_signature));
    assert.ok(verify(hex(hub.public), statement('permit', permit, { asked }), permit.hub_signature));
    const answered = statement('answer', answer, { asked, processing_number: permit.processing_number });
    assert.ok(verify(hex(provider.public), answered, answer.provider_signature));
    for (const [kind, box] of [['query', told.query], ['answer', told.answer]]) {
      same(sealed.seal(kind, sealed.publicOf(hex(box.to)), hex(box.info), hex(box.plaintext), hex(box.ephemeral)), box.box);
      same(sealed.unseal(kind, hex(box.to), hex(box.info), hex(box.box)), box.plaintext);
    }
    same(sealed.answerInfo(permit.inquiry.context), told.answer.info);
  });

  test(`versions of the directory, suite ${suite}`, () => {
    const told = vectors(`protocol/directory-suite${suite}.json`);
    const files = told.versions.map(({ file }) => messages.decode('warifu.api.directory.v1.DirectoryFile', hex(file)));
    files.forEach((file, place) => {
      directory.checkFile(file, told.root.certificate);
      same(directory.headerDigest(file.header), told.versions[place].header_digest);
    });
    directory.checkFollows(files[0].header, files[1].header);
    const spoilt = { ...files[1], entries: files[1].entries.slice(1) };
    assert.throws(() => directory.checkFile(spoilt, told.root.certificate), { reason: 'DIRECTORY_INVALID' });
    assert.throws(() => directory.checkFollows(files[1].header, files[1].header), { reason: 'DIRECTORY_INVALID' });
  });
}

test('points that are none', () => {
  const invalid = vectors('edwards25519_invalid_points.json');
  const texts = JSON.stringify(invalid).match(/"[0-9a-f]{64}"/g).map((text) => text.slice(1, -1));
  assert.ok(texts.length > 10);
  for (const text of texts) assert.throws(() => GROUPS[2].point(hex(text)), { reason: 'POINT_INVALID' }, text);
});

test('boxes', () => {
  const { boxes, together, at_rest: rest } = vectors('protocol/boxes.json');
  for (const group of together) {
    const kind = group.least === 256 ? 'query' : 'answer';
    const info = kind === 'query' ? sealed.betweenQueries(hex(group.context)) : sealed.betweenAnswers(hex(group.context));
    same(info, group.info);
    for (const { aad, box, plaintext } of group.boxes) {
      same(sealed.unseal(kind, hex(group.to), hex(aad), hex(box), info), plaintext);
      assert.throws(() => sealed.unseal(kind, hex(group.to), hex(aad), hex(box)));
    }
  }
  for (const box of boxes) {
    const kind = box.least === 256 ? 'query' : 'answer';
    same(sealed.pad(hex(box.plaintext), box.least), box.padded);
    same(sealed.seal(kind, sealed.publicOf(hex(box.to)), hex(box.info), hex(box.plaintext), hex(box.ephemeral)), box.box);
    same(sealed.unseal(kind, hex(box.to), hex(box.info), hex(box.box)), box.plaintext);
  }
  same(sealed.sealAtRest(hex(rest.key), hex(rest.aad), hex(rest.plaintext), hex(rest.nonce)), rest.sealed);
  same(sealed.openAtRest(hex(rest.key), hex(rest.aad), hex(rest.sealed)), rest.plaintext);
});

test('signed together', () => {
  const { seed, cases, label } = vectors('warifu-v1-signed-together.json');
  const publicKey = Buffer.from(require('@noble/curves/ed25519.js').ed25519.getPublicKey(hex(seed)));
  for (const { signatures } of cases) {
    signatures.forEach((signature, n) => {
      const signed = bytes.digest(label, bytes.u32(n));
      assert.ok(verify(publicKey, signed, hex(signature)));
      assert.ok(!verify(publicKey, signed, hex(`${signature}00`)));
      assert.ok(!verify(publicKey, bytes.digest(label, bytes.u32(n + 1)), hex(signature)));
    });
  }
});

test('log', () => {
  const v = vectors('protocol/log.json');
  const roots = v.roots.map(hex);
  const leaves = v.leaves.map(({ leaf }) => hex(leaf));
  for (const { position, size, hashes } of v.inclusion) {
    assert.ok(log.inclusionHolds(leaves[position], position, size, hashes.map(hex), roots[size]));
    assert.ok(!log.inclusionHolds(leaves[position], position, size, hashes.map(hex), roots[0]));
  }
  for (const { first, second, hashes } of v.consistency) {
    const [from, to] = [first, second].map((size) => ({ size, root: roots[size] }));
    assert.ok(log.consistencyHolds(from, to, hashes.map(hex)));
    if (first > 0) assert.ok(!log.consistencyHolds({ ...from, root: roots[0] }, to, hashes.map(hex)));
  }
});

test('notes and gossip', () => {
  const v = vectors('protocol/log.json');
  const read = ({ note, size, root, number = 0, position = 0 }) => {
    const found = log.checkpoint(Buffer.from(note), v.log_key.vkey);
    assert.deepStrictEqual([found.size, found.number, found.position], [BigInt(size), number, BigInt(position)]);
    same(found.root, root);
    return found;
  };
  const [plain, continued] = [read(v.checkpoint), read(v.continued_checkpoint)];
  assert.strictEqual(log.checkpoint(Buffer.from(v.checkpoint.note.replace('\n9\n', '\n8\n')), v.log_key.vkey), undefined);
  const told = (seen) => {
    const gossip = log.gossipOf(seen, v.gossip.directory_version, hex(v.gossip.directory_digest));
    return messages.encode('warifu.api.record.v1.Gossip', gossip);
  };
  same(told(undefined), v.gossip.before_any_checkpoint);
  same(told(plain), v.gossip.of_checkpoint);
  same(told(continued), v.gossip.of_continued_checkpoint);
});

test('each statement here has a vector', () => {
  const labels = ['exchange', 'directory'].flatMap((file) => vectors(`protocol/${file}-suite1.json`).statements.map(({ label }) => label));
  for (const name of Object.keys(STATEMENTS)) assert.ok(labels.includes(`warifu-v1/${name}`), name);
  assert.ok(CATALOGUE.size > 50);
  assert.ok(!verifyAlone(Buffer.alloc(32), Buffer.alloc(32), Buffer.alloc(64)), 'a key of small order');
});
