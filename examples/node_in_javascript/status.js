// Good manners: how this party is, for those who look after it (PartyService), and whether it takes calls (Health).
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const { behind, newest } = require('./rotation.js');

const ALARM = { RECORDS_BEHIND: 15, LOG_BEHIND: 14 };
const ALARMS_SERVICE = 'warifu.party.alarms';
const SERVING = 1;
const NOT_SERVING = 2;

const timestamp = (ms) => ({ seconds: String(Math.floor(ms / 1000)), nanos: 0 });

function certificate(use, pem) {
  const { serialNumber, validTo } = new crypto.X509Certificate(pem);
  return { use, serial: serialNumber.toLowerCase(), not_after: timestamp(Date.parse(validTo)) };
}

function statusOf(node, started) {
  const { folder, store, following } = node;
  const { header, standing } = folder.directory;
  const own = standing.get(folder.institution);
  return {
    role: folder.settings.role,
    institution_code: folder.institution,
    network: header.network,
    suite: header.suite,
    release: 'node_in_javascript',
    started_time: timestamp(started),
    directory_version: String(header.version),
    epoch: own.epoch,
    code_epoch: own.code_epoch,
    certificates: [certificate('own', folder.certificate), certificate('root', folder.root)],
    revocation_list: { number: String(folder.revoked.number), next_update: timestamp(folder.revoked.nextUpdate), serial_count: String(folder.revoked.serials.size) },
    free_disk_bytes: String(fs.statfsSync(folder.place).bavail * fs.statfsSync(folder.place).bsize),
    counts: {
      person_count: String(store.people.size),
      record_count: String(store.inquiries.size + store.provisions.size),
      ...(newest(node).code_epoch > 1 && { code_behind_count: String(behind(node).length) }),
    },
    alarms: following.behind ? [{ kind: ALARM[following.behind], since: timestamp(started), where: 'log' }] : [],
  };
}

const forParty = (node) => {
  const started = Date.now();
  return { GetStatus: () => statusOf(node, started) };
};
const forHealth = (node) => ({
  Check: ({ service }) => ({ status: service === ALARMS_SERVICE && node.following.behind ? NOT_SERVING : SERVING }),
});

module.exports = { forParty, forHealth };
