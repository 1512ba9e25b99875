// What our own business system may call, of warifu.api.node.v1.NodeService: as much of it as a small node needs.
'use strict';

const { acquire } = require('./acquisition.js');
const { inquire } = require('./inquirer.js');
const { refuseUnless } = require('./errors.js');
const { OUTCOME } = require('./provider.js');

const DAY = /^\d{4}-\d\d-\d\d$/;
const OUTCOMES = { [OUTCOME.ANSWERED]: 2, [OUTCOME.PENDING]: 3, [OUTCOME.REFUSED]: 4 };
const SIDE = { INQUIRER: 1, PROVIDER: 2 };
const timestamp = (ms) => (ms ? { seconds: String(Math.floor(ms / 1000)), nanos: 0 } : null);

function registerReplicas(node, { replicas }) {
  refuseUnless(replicas.length >= 1 && replicas.length <= 1000, 'REQUEST_MALFORMED', 'replicas');
  replicas.forEach((one, place) => {
    const where = `replicas[${place}]`;
    refuseUnless(node.folder.table.items.has(one.item_code), 'ITEM_UNKNOWN', where);
    const days = DAY.test(one.publication_start) && (!one.publication_end || DAY.test(one.publication_end));
    refuseUnless(days && one.fiscal_year <= 9999 && one.record.length, 'REQUEST_MALFORMED', where);
    refuseUnless(node.store.people.has(one.local_number), 'CODE_NOT_ACQUIRED', where);
  });
  node.store.write('replicas', replicas);
  return replicas.length;
}

function setFlags(node, flags) {
  refuseUnless(node.store.people.has(flags.local_number), 'CODE_NOT_ACQUIRED', 'local_number');
  node.store.write('flags', flags);
  return {};
}

const waiting = (node) => [...node.store.provisions.values()].filter((one) => one.outcome === OUTCOME.PENDING && !one.decision);

function listPending(node) {
  const provisions = waiting(node).map((one) => ({ ...one, received_time: timestamp(one.requested_ms) }));
  return { provisions: provisions.slice(0, 1000) };
}

function decide(node, { processing_number: number, decision }) {
  refuseUnless(decision === 1 || decision === 2, 'REQUEST_MALFORMED', 'decision');
  const one = waiting(node).find((provision) => provision.processing_number === number);
  refuseUnless(one, 'INQUIRY_UNKNOWN', 'processing_number');
  node.store.write('provision', { ...one, decision: decision === 1 ? 'release' : 'refuse' });
  return {};
}

function records(node) {
  const asked = [...node.store.inquiries.values()].map((one) => {
    const outcome = one.state === 3 ? 2 : one.ended ? 5 : one.state === 2 ? 3 : 1;
    return { ...one, side: SIDE.INQUIRER, outcome: one.reason === 'RELEASE_REFUSED' ? 4 : outcome };
  });
  const provided = [...node.store.provisions.values()].map((one) => ({ ...one, side: SIDE.PROVIDER, outcome: OUTCOMES[one.outcome] }));
  return [...asked, ...provided].map((one) => ({
    ...one, request_id: Buffer.from(one.request_id, 'hex'), requested_time: timestamp(one.requested_ms), provided_time: timestamp(one.provided_ms),
  }));
}

function listRecords(node, request, call) {
  const all = records(node);
  for (let at = 0; at < all.length; at += 250) call.write({ records: all.slice(at, at + 250) });
}

// call.getDeadline() is a time, or Infinity where the caller set none.
const deadlineOf = (call) => Math.min(Number(call.getDeadline()), Date.now() + 30_000);

function forBusiness(node) {
  return {
    AcquireCodes: ({ people }, call) => acquire(node, people, deadlineOf(call)),
    RegisterReplicas: (request, call) => {
      call.registered = (call.registered ?? 0) + registerReplicas(node, request);
      return { replica_count: String(call.registered) };
    },
    SetFlags: (request) => setFlags(node, request),
    Inquire: ({ inquiry }, call) => inquire(node, inquiry, deadlineOf(call)),
    ListPendingProvisions: () => listPending(node),
    DecideProvision: (request) => decide(node, request),
    ListExchangeRecords: (request, call) => listRecords(node, request, call),
  };
}

module.exports = { forBusiness, deadlineOf };
