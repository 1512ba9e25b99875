// A tax office's business system, in some eighty lines: it looks people up in people.json whenever its node asks.
//
//   node examples/adapter_node/adapter.js FOLDER HOST:PORT
//
// FOLDER is what `warifu certificate adapter` wrote. The node: `warifu agency tax --adapter HOST:PORT …`. SIMULATED.
'use strict';

const fs = require('node:fs');
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');

const PROTOS = path.join(__dirname, '..', '..', 'protos');
const PEOPLE = path.join(__dirname, 'people.json');
const ITEM = 'TM00000000000002';
const RECORD_TYPE = 'warifu.api.record.v1.LocalTaxRecord';

const LocalTaxRecord = protobuf
  .loadSync(path.join(PROTOS, 'warifu/api/record/v1/local_tax_record.proto'))
  .lookupType(RECORD_TYPE);
const definition = protoLoader.loadSync('warifu/api/adapter/v1/adapter_service.proto', {
  includeDirs: [PROTOS],
  keepCase: true, // names as in the contract
  enums: String,
  defaults: true,
});
const { AdapterService } = grpc.loadPackageDefinition(definition).warifu.api.adapter.v1;

const [folder, address] = process.argv.slice(2);
const file = (name) => fs.readFileSync(path.join(folder, name));
const settings = JSON.parse(file('adapter.json'));

// TLS lets in whoever has a certificate of the network; only our own node may ask us.
function forOurNode(handler) {
  return (call, callback) => {
    const names = call.getAuthContext().sslPeerCertificate?.subjectaltname ?? '';
    const uris = names.split(', ').filter((name) => name.startsWith('URI:'));
    if (uris.length !== 1 || uris[0] !== `URI:${settings.node_uri}`) {
      callback({ code: grpc.status.PERMISSION_DENIED, details: 'not our own node' });
      return;
    }
    handler(call, callback);
  };
}

function getReadiness(call, callback) {
  callback(null, { institution_code: settings.institution_code, ready: true, item_codes: [ITEM] });
}

function lookUp(call, callback) {
  const asked = call.request;
  const about = { local_number: asked.local_number, item_code: asked.item_code }; // the node refuses a reply without
  const people = asked.item_code === ITEM ? JSON.parse(fs.readFileSync(PEOPLE, 'utf8')) : {};
  const rows = Object.hasOwn(people, asked.local_number) ? people[asked.local_number] : []; // "constructor" is nobody
  const held = rows.filter((row) => asked.fiscal_year === 0 || row.fiscal_year === asked.fiscal_year);
  const provided = held.filter((row) => row.provided_from <= asked.asked_on);
  if (provided.length === 0) {
    callback(null, { ...about, outcome: `LOOK_UP_OUTCOME_NOT_${held.length ? 'PUBLISHED' : 'HELD'}` });
    return;
  }
  const newest = provided.reduce((a, b) => (a.fiscal_year > b.fiscal_year ? a : b));
  if (newest.clerk && !asked.released) {
    callback(null, { ...about, outcome: 'LOOK_UP_OUTCOME_PENDING' });
    return;
  }
  const { fiscal_year, provided_from, total_income_yen, taxable_income_yen } = newest;
  const record = LocalTaxRecord.fromObject({
    fiscalYear: fiscal_year,
    totalIncomeYen: total_income_yen,
    taxableIncomeYen: taxable_income_yen,
  });
  callback(null, {
    ...about,
    outcome: 'LOOK_UP_OUTCOME_FOUND',
    fiscal_year,
    publication_start: provided_from,
    record_type: RECORD_TYPE,
    record: LocalTaxRecord.encode(record).finish(),
  });
}

// Our clerks decide with `warifu clerk`; a system in which they decide would say RELEASE or REFUSE here.
function getClerkDecision(call, callback) {
  callback(null, { processing_number: call.request.processing_number, decision: 'PROVISION_DECISION_PENDING' });
}

const server = new grpc.Server();
server.addService(AdapterService.service, {
  GetReadiness: forOurNode(getReadiness),
  LookUp: forOurNode(lookUp),
  GetClerkDecision: forOurNode(getClerkDecision),
});
const ours = [{ cert_chain: file('tls.pem'), private_key: file('tls.key') }];
server.bindAsync(address, grpc.ServerCredentials.createSsl(file('root.pem'), ours, true), (error, port) => {
  if (error) throw error;
  console.log(JSON.stringify({ ready: true, endpoint: `${address.replace(/:\d+$/, '')}:${port}` }));
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.tryShutdown(() => process.exit(0)));
