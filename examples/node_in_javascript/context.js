// The 116 bytes that an exchange is about: docs/protocol.md#the-context-of-an-exchange.
'use strict';

const { u8, u16, u32, u64 } = require('./bytes.js');
const { Refusal, refuseUnless } = require('./errors.js');

const KIND = { EXCHANGE: 1, ISSUE: 2, ROTATE: 3 };
const FLAG = { ORDINANCE: 1, CONSENT: 2, NON_DISCLOSURE: 4 };
const SKEW_MS = 120_000;
const LIFE_MS = 600_000;
const SIZE = 116;
const INSTITUTION = /^[0-9]{16}$/;
const SHAPES = { inquirer: INSTITUTION, provider: INSTITUTION, item_code: /^TM[0-9A-Z]{14}$/, procedure_code: /^JT[0-9A-Z]{14}$/ };

function encodeContext(c) {
  return Buffer.concat([
    u8(c.suite), u8(c.kind), c.request_id,
    Buffer.from(c.inquirer + c.provider + c.item_code + c.procedure_code, 'ascii'),
    u16(c.flags), u64(c.issued_ms), u64(c.expires_ms), u32(c.epoch_from), u32(c.epoch_to), c.key_id_to,
  ]);
}

function decodeContext(bytes) {
  refuseUnless(bytes.length === SIZE, 'REQUEST_MALFORMED', 'context');
  const text = (from) => bytes.toString('latin1', from, from + 16);
  const c = {
    suite: bytes[0],
    kind: bytes[1],
    request_id: bytes.subarray(2, 18),
    inquirer: text(18),
    provider: text(34),
    item_code: text(50),
    procedure_code: text(66),
    flags: bytes.readUInt16BE(82),
    issued_ms: Number(bytes.readBigUInt64BE(84)),
    expires_ms: Number(bytes.readBigUInt64BE(92)),
    epoch_from: bytes.readUInt32BE(100),
    epoch_to: bytes.readUInt32BE(104),
    key_id_to: bytes.subarray(108, 116),
  };
  const faulty = Object.entries(SHAPES).find(([field, shape]) => !shape.test(c[field]))?.[0];
  if (faulty) throw new Refusal('REQUEST_MALFORMED', faulty);
  refuseUnless(Object.values(KIND).includes(c.kind), 'REQUEST_MALFORMED', 'kind');
  refuseUnless((c.flags & ~7) === 0, 'REQUEST_MALFORMED', 'flags');
  return c;
}

function checkTimes(context, now) {
  const life = context.expires_ms - context.issued_ms;
  const good = context.issued_ms <= now + SKEW_MS && context.expires_ms >= now - SKEW_MS && life > 0 && life <= LIFE_MS;
  refuseUnless(good, 'CLOCK_SKEWED', 'context');
}

const wholeMinute = (ms) => ms - (ms % 60_000);

module.exports = { KIND, FLAG, SKEW_MS, LIFE_MS, encodeContext, decodeContext, checkTimes, wholeMinute };
