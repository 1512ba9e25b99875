// An agency's intermediary server (中間サーバー) of a SIMULATED network, written from docs/protocol/ alone.
//
//   node examples/node_in_javascript/node.js FOLDER --hub HOST:PORT --authority HOST:PORT [--listen HOST:PORT] [--go-on] [--clock FILE]
'use strict';

const { parseArgs } = require('node:util');
const grpc = require('@grpc/grpc-js');
const clock = require('./clock.js');
const { forBusiness, deadlineOf } = require('./business.js');
const { Following } = require('./following.js');
const { Folder } = require('./folder.js');
const { headerDigest } = require('./directory.js');
const { gossipOf } = require('./log.js');
const { services, Health } = require('./messages.js');
const { provide, drawnAndProven } = require('./provider.js');
const { rotate } = require('./rotation.js');
const { forParty, forHealth } = require('./status.js');
const { Store } = require('./store.js');
const { Peer, served, serverCredentials, SERVER_OPTIONS } = require('./transport.js');

const OF_HUB = { brokeOff: 'HUB_UNREACHABLE', timedOut: 'HUB_TIMED_OUT', answerInvalid: 'HUB_ANSWER_INVALID' };
const OF_AUTHORITY = { brokeOff: 'AUTHORITY_UNREACHABLE', timedOut: 'AUTHORITY_UNREACHABLE', answerInvalid: 'AUTHORITY_ANSWER_INVALID' };

class Node {
  constructor(place, { hub, authority, goOn }) {
    this.folder = new Folder(place);
    this.store = new Store(this.folder.path('node.journal'), this.folder.storageKey, this.folder.rowSecret);
    const { hub_institution_code: hubCode, authority_institution_code: authorityCode } = this.folder.directory.header;
    const ofHub = (Service) => new Peer(this.folder, Service, 'hub', hubCode, hub, OF_HUB);
    this.hub = ofHub(services.hub.v1.HubService);
    this.authority = new Peer(this.folder, services.authority.v1.AuthorityService, 'authority', authorityCode, authority, OF_AUTHORITY);
    const directory = ofHub(services.directory.v1.DirectoryService);
    this.following = new Following(this.folder, this.store, directory, ofHub(services.log.v1.LogService), goOn, () => rotate(this));
  }

  mustBeReady() {
    this.following.mustNotBeBehind();
  }

  takeNewer() {
    return this.following.takeNewer();
  }

  gossip() {
    const { header } = this.folder.directory;
    return gossipOf(this.store.seen, header.version, headerDigest(header));
  }

  proven(permit, checked) {
    return drawnAndProven(this, permit, checked);
  }

  async listen(address) {
    this.server = new grpc.Server(SERVER_OPTIONS);
    const { AgencyService } = services.agency.v1;
    const { NodeService } = services.node.v1;
    const provideOne = (request, call) => provide(this, request, deadlineOf(call));
    this.server.addService(...served(this.folder, AgencyService.service, 'hub', { Provide: provideOne }));
    this.server.addService(...served(this.folder, NodeService.service, 'business', forBusiness(this)));
    this.server.addService(...served(this.folder, services.party.v1.PartyService.service, 'caretaker', forParty(this)));
    this.server.addService(...served(this.folder, Health.service, 'anybody', forHealth(this)));
    const port = await new Promise((resolve, reject) => {
      this.server.bindAsync(address, serverCredentials(this.folder), (error, bound) => (error ? reject(error) : resolve(bound)));
    });
    return `${address.replace(/:\d+$/, '')}:${port}`;
  }

  stop() {
    this.following.stop();
    this.server.forceShutdown();
    process.exit(0);
  }
}

async function main() {
  const text = { type: 'string' };
  const { values, positionals } = parseArgs({
    allowPositionals: true, options: { hub: text, authority: text, listen: text, clock: text, 'go-on': { type: 'boolean', default: false } },
  });
  if (values.clock) clock.goBy(values.clock);
  const node = new Node(positionals[0], { ...values, goOn: values['go-on'] });
  const endpoint = await node.listen(values.listen ?? node.folder.settings.listen);
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => node.stop());
  await node.following.start(endpoint);
  console.log(JSON.stringify({ ready: true, endpoint }));
}

main().catch((error) => {
  console.error(`not started: ${error.message}`);
  process.exit(1);
});
