// Mutual TLS, who is who, and the edge of our own server: docs/protocol/transport.md, checks.md.
'use strict';

const tls = require('node:tls');
const grpc = require('@grpc/grpc-js');
const clock = require('./clock.js');
const messages = require('./messages.js');
const { Refusal, refuseUnless, toStatus, fromStatus } = require('./errors.js');

const OPTIONS = {
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.enable_http_proxy': 0,
  'grpc.max_receive_message_length': 8 << 20,
};
const SERVER_OPTIONS = { 'grpc.max_receive_message_length': 4 << 20, 'grpc.max_metadata_size': 8192 };

const serial = (certificate) => BigInt(`0x${certificate.serialNumber}`);

// The one URI in a certificate as network, role, institution; undefined where it is not one identity of this network.
function identity(certificate, network) {
  const names = (certificate?.subjectaltname ?? '').split(', ').filter((name) => name.startsWith('URI:'));
  const found = /^URI:warifu:\/\/([a-z0-9-]{1,32})\/([a-z]+)\/([0-9]{16})$/.exec(names[0] ?? '');
  return names.length === 1 && found && found[1] === network ? { role: found[2], institution: found[3] } : undefined;
}

// A client of one service of one party.
class Peer {
  constructor(folder, Service, role, institution, endpoint, reasons) {
    Object.assign(this, { folder, Service, role, institution, endpoint, reasons });
  }

  // A connection of ours lives as long as both certificates: one that replaced either is met by a new connection.
  get client() {
    if (this.connected && this.used === this.folder.certificate && !this.#revoked()) return this.connected;
    this.connected?.close();
    Object.assign(this, { used: this.folder.certificate, serial: undefined });
    this.connected = this.#connect();
    return this.connected;
  }

  #connect() {
    const { folder, role, institution } = this;
    const { network } = folder.settings;
    const name = `i${institution}.${role}.${network}.warifu.test`;
    const checkServerIdentity = (host, certificate) => {
      const who = identity(certificate, network);
      if (who?.role !== role || who.institution !== institution) return new Error('another party');
      this.serial = serial(certificate);
      return this.#revoked() ? new Error('its certificate was taken back') : tls.checkServerIdentity(name, certificate);
    };
    const credentials = grpc.credentials.createSsl(folder.root, folder.privateKey, folder.certificate, { checkServerIdentity });
    const target = { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name };
    return new this.Service(this.endpoint, credentials, { ...OPTIONS, ...target });
  }

  #revoked() {
    return this.serial !== undefined && this.folder.revoked.serials.has(this.serial);
  }

  // One unary call; a failure is a Refusal.
  call(method, request, deadline = Date.now() + 30_000) {
    return new Promise((resolve, reject) => {
      this.client[method](request, { deadline }, (error, response) => {
        if (error) reject(fromStatus(error, messages, this.reasons));
        else resolve(response);
      });
    });
  }

  // One message on a stream in both directions, and the one that comes back.
  async stream(method, request, deadline) {
    const call = this.client[method]({ deadline });
    call.end(request);
    try {
      for await (const response of call) return response;
    } catch (error) {
      throw fromStatus(error, messages, this.reasons);
    }
    throw new Refusal(this.reasons.answerInvalid);
  }
}

// Our certificate for a server, and the one that replaces it for connections after that.
function serverCredentials(folder) {
  const provider = {
    addIdentityCertificateListener: (listener) => {
      folder.listeners.add(listener);
      process.nextTick(listener, { certificate: folder.certificate, privateKey: folder.privateKey });
    },
    removeIdentityCertificateListener: (listener) => folder.listeners.delete(listener),
    addCaCertificateListener: (listener) => process.nextTick(listener, { caCertificate: folder.root }),
    removeCaCertificateListener: () => {},
  };
  return grpc.experimental.createCertificateProviderServerCredentials(provider, provider, true);
}

// Who may call a service of ours.
const ours = (folder, who) => who.institution === folder.institution;
const ALLOWED = {
  hub: (folder, who) => who.role === 'hub',
  business: (folder, who) => who.role === 'business' && ours(folder, who),
  caretaker: (folder, who) => who.role === 'supervisor' || ours(folder, who),
  anybody: () => true,
};

function admit(folder, call, allowed) {
  const certificate = call.getAuthContext().sslPeerCertificate;
  const who = identity(certificate, folder.settings.network);
  refuseUnless(who, 'CALLER_NOT_IDENTIFIED');
  refuseUnless(!folder.revoked.serials.has(serial(certificate)), 'CALLER_REVOKED');
  const now = clock.now();
  refuseUnless(now >= Date.parse(certificate.valid_from) && now <= Date.parse(certificate.valid_to), 'CALLER_NOT_IN_DATE');
  refuseUnless(ALLOWED[allowed](folder, who), 'CALLER_NOT_ALLOWED');
}

// What grpc-js shall serve of a service: messages are parsed here, so that what does not parse has its reason.
function served(folder, service, allowed, handlers) {
  const definition = Object.fromEntries(Object.keys(handlers).map((name) => [name, { ...service[name], requestDeserialize: (raw) => raw }]));
  const parsed = (name, raw) => {
    try {
      return service[name].requestDeserialize(raw);
    } catch {
      throw new Refusal('REQUEST_MALFORMED');
    }
  };
  const implementation = Object.fromEntries(Object.entries(handlers).map(([name, handler]) => {
    const { requestStream, responseStream } = definition[name];
    const run = async (call) => {
      admit(folder, call, allowed);
      if (!requestStream) return handler(parsed(name, call.request), call);
      let last;
      // Left open when the loop ends with an error: the status still has to go out.
      for await (const raw of call.iterator({ destroyOnReturn: false })) {
        admit(folder, call, allowed);
        last = await handler(parsed(name, raw), call);
        if (responseStream) call.write(last);
      }
      return last;
    };
    if (!responseStream) return [name, (call, callback) => run(call).then((reply) => callback(null, reply), (error) => callback(told(error)))];
    return [name, (call) => run(call).then(() => call.end(), (error) => call.emit('error', told(error)))];
  }));
  return [definition, implementation];
}

function told(error) {
  if (!(error instanceof Refusal)) console.error(error.stack); // never part of an answer
  return toStatus(error, messages);
}

module.exports = { Peer, served, serverCredentials, SERVER_OPTIONS };
