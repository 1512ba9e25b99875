// Reasons of the catalogue, and what a failed call says: docs/protocol/transport.md#errors, docs/errors.json.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');

const FILE = path.join(__dirname, '..', '..', 'docs', 'errors.json');
const CATALOGUE = new Map(JSON.parse(fs.readFileSync(FILE, 'utf8')).reasons.map((entry) => [entry.reason, entry]));
const DETAILS = 'grpc-status-details-bin';

// A reason with the field at fault; definite means: surely nothing was provided.
class Refusal extends Error {
  constructor(reason, where = '', definite = CATALOGUE.get(reason)?.definite ?? false) {
    super(`${reason} ${where}`.trim());
    Object.assign(this, { reason, where: where.slice(0, 512), definite });
  }
}

const refuseUnless = (good, reason, where) => {
  if (!good) throw new Refusal(reason, where);
};

// What a server ends a call with. Whatever is not foreseen is INTERNAL, with nothing of its text.
function toStatus(error, { encode }) {
  const refusal = error instanceof Refusal ? error : new Refusal('INTERNAL');
  const { grpc_code: code, public_text: text } = CATALOGUE.get(refusal.reason);
  const metadata = { definite: String(refusal.definite) };
  if (refusal.where) metadata.where = refusal.where;
  const detail = encode('google.rpc.ErrorInfo', { reason: refusal.reason, domain: 'warifu', metadata });
  const any = { type_url: 'type.googleapis.com/google.rpc.ErrorInfo', value: detail };
  const trailer = new grpc.Metadata();
  trailer.set(DETAILS, encode('google.rpc.Status', { code, message: text, details: [any] }));
  return { code, details: text, metadata: trailer };
}

// What a failed call means to its caller. brokeOff, timedOut, answerInvalid: the reasons of whom was called.
function fromStatus(error, { decode }, { brokeOff, timedOut, answerInvalid }) {
  if (error instanceof Refusal) return error;
  const told = toldIn(error, decode);
  if (told) return told;
  const { status } = grpc;
  if (error.code === status.DEADLINE_EXCEEDED) return new Refusal(timedOut);
  if (error.code === status.RESOURCE_EXHAUSTED) {
    return new Refusal(/larger than max/.test(error.details) && /eceived/.test(error.details) ? answerInvalid : 'REQUEST_TOO_LARGE');
  }
  const broken = [status.UNAVAILABLE, status.CANCELLED, status.INTERNAL, status.UNKNOWN];
  return new Refusal(broken.includes(error.code) ? brokeOff : 'INTERNAL');
}

function toldIn(error, decode) {
  try {
    const details = error.metadata.get(DETAILS);
    const [any, ...others] = decode('google.rpc.Status', details[0]).details;
    const info = decode('google.rpc.ErrorInfo', any.value);
    if (others.length || info.domain !== 'warifu') return undefined;
    const known = CATALOGUE.get(info.reason);
    const said = info.metadata.definite;
    const definite = known ? known.definite && said !== 'false' : said === 'true';
    return new Refusal(info.reason, info.metadata.where, definite);
  } catch {
    return undefined; // a failure without ErrorInfo
  }
}

module.exports = { CATALOGUE, Refusal, refuseUnless, toStatus, fromStatus };
