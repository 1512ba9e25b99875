// The protos: messages by their full name, services for grpc-js, and the directory's JSON.
'use strict';

const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const protobuf = require('protobufjs');

const PROTOS = path.join(__dirname, '..', '..', 'protos');
const FILES = ['agency', 'authority', 'directory', 'hub', 'log', 'node', 'party']
  .map((name) => `warifu/api/${name}/v1/${name}_service.proto`)
  .concat('warifu/api/record/v1/sealed.proto');
const READ = { longs: String, bytes: Buffer, defaults: true, oneofs: true }; // enums as numbers

const root = new protobuf.Root();
root.resolvePath = (origin, target) => {
  return target.startsWith('google/protobuf/') ? target : path.join(PROTOS, path.relative(PROTOS, path.resolve(PROTOS, target)));
};
root.loadSync(FILES, { keepCase: true });
protobuf.parse(`
  syntax = "proto3";
  package google.rpc;
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
`, root, { keepCase: true });
root.resolveAll();

function encode(name, message) {
  const type = root.lookupType(name);
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}

function decode(name, bytes) {
  const type = root.lookupType(name);
  return type.toObject(type.decode(bytes), READ);
}

const snake = (value) => {
  if (Array.isArray(value)) return value.map(snake);
  if (value === null || typeof value !== 'object') return value;
  const name = (key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [name(key), snake(inner)]));
};

// Protobuf JSON in either kind of name.
function fromJson(name, text) {
  const type = root.lookupType(name);
  return decode(name, type.encode(type.fromObject(snake(JSON.parse(text)))).finish());
}

function toJson(name, message) {
  const type = root.lookupType(name);
  return JSON.stringify(type.toObject(type.fromObject(message), { longs: String, enums: String, bytes: String }), null, 1);
}

const options = { keepCase: true, longs: String, defaults: true, oneofs: true, includeDirs: [PROTOS] };
const services = grpc.loadPackageDefinition(protoLoader.loadSync(FILES, options)).warifu.api;
const health = protobuf.parse(`
  syntax = "proto3";
  package grpc.health.v1;
  message HealthCheckRequest { string service = 1; }
  message HealthCheckResponse { int32 status = 1; }
  service Health { rpc Check(HealthCheckRequest) returns (HealthCheckResponse); }
`).root;
const { Health } = grpc.loadPackageDefinition(protoLoader.fromJSON(health.toJSON(), options)).grpc.health.v1;

module.exports = { encode, decode, fromJson, toJson, services, Health };
