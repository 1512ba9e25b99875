// The network's revocation list, an X.509 CRL (RFC 5280): docs/protocol/directory.md#revocation. Node.js reads none, so
// the little DER that it takes is here.
'use strict';

const crypto = require('node:crypto');

const CRL_NUMBER = '0603551d14';

function element(der, from = 0) {
  let [size, start] = [der[from + 1], from + 2];
  if (size & 0x80) {
    const bytes = size & 0x7f;
    size = der.readUIntBE(start, bytes);
    start += bytes;
  }
  if (start + size > der.length) throw new Error('not DER');
  return { tag: der[from], body: der.subarray(start, start + size), whole: der.subarray(from, start + size) };
}

function inside({ body }) {
  const found = [];
  for (let at = 0; at < body.length; at += found.at(-1).whole.length) found.push(element(body, at));
  return found;
}

const integer = ({ body }) => BigInt(`0x${body.toString('hex')}`);

function time({ tag, body }) {
  const text = body.toString('latin1');
  const [, year, ...rest] = /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  const [month, day, hour, minute, second] = rest.map(Number);
  return Date.UTC(tag === 0x17 ? (Number(year) < 50 ? 2000 : 1900) + Number(year) : Number(year), month - 1, day, hour, minute, second);
}

// Only if the root signed it and it is not past. Throws otherwise.
function readList(pem, rootPem, now) {
  const text = pem.toString('latin1');
  const der = Buffer.from(/-----BEGIN X509 CRL-----([^-]+)-----END X509 CRL-----/.exec(text)[1], 'base64');
  const [signed, , signature] = inside(element(der));
  const root = new crypto.X509Certificate(rootPem).publicKey;
  if (!crypto.verify('sha256', signed.whole, root, signature.body.subarray(1))) throw new Error('not signed by the root');
  const fields = inside(signed);
  const [thisUpdate, nextUpdate] = fields.filter(({ tag }) => tag === 0x17 || tag === 0x18).map(time);
  if (!(nextUpdate > now) || thisUpdate > now + 120_000) throw new Error('not in date');
  const afterTimes = fields.slice(fields.findLastIndex(({ tag }) => tag === 0x17 || tag === 0x18) + 1);
  const revoked = afterTimes.filter(({ tag }) => tag === 0x30).flatMap(inside).map((entry) => integer(inside(entry)[0]));
  const extensions = afterTimes.filter(({ tag }) => tag === 0xa0).flatMap(inside).flatMap(inside).map(inside);
  const number = extensions.find(([oid]) => oid.whole.toString('hex') === CRL_NUMBER);
  return { number: integer(element(number.at(-1).body)), nextUpdate, serials: new Set(revoked) };
}

module.exports = { readList };
