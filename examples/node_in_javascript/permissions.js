// Who may ask whom for what: docs/protocol/directory.md#the-permission-table.
'use strict';

const yaml = require('yaml');
const { digest } = require('./bytes.js');
const { refuseUnless } = require('./errors.js');
const { FLAG } = require('./context.js');

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

function tableDigest(file) {
  const text = file.subarray(0, 3).equals(MARK) ? file.subarray(3) : file;
  return digest('warifu-v1/permission-table', Buffer.from(text.toString('latin1').replaceAll('\r\n', '\n'), 'latin1'));
}

class PermissionTable {
  constructor(file) {
    this.table = yaml.parse(file.toString('utf8'));
    this.digest = tableDigest(file);
    this.items = new Map(this.table.items.map((item) => [item.code, item]));
    this.procedures = new Set(this.table.procedures.map((procedure) => procedure.code));
  }

  // Refuses, or gives the numbers of the rows that permit. inquirer and provider are their entries of the directory.
  rowsThatPermit(context, inquirer, provider) {
    const { procedure_code: procedure, item_code: item, flags } = context;
    refuseUnless(this.procedures.has(procedure), 'PROCEDURE_UNKNOWN', 'procedure_code');
    refuseUnless(this.items.has(item), 'ITEM_UNKNOWN', 'item_code');
    const grants = this.table.rows
      .filter((row) => row.procedure === procedure && (row.ordinance ?? false) === Boolean(flags & FLAG.ORDINANCE))
      .filter((row) => row.inquirers.includes(inquirer.institution_kind))
      .flatMap((row) => row.grants.map((grant) => ({ ...grant, number: row.number })))
      .filter((grant) => grant.provider === provider.institution_kind && grant.item === item);
    refuseUnless(grants.length, 'EXCHANGE_NOT_PERMITTED', 'context');
    const good = grants.filter((grant) => !grant.consent || flags & FLAG.CONSENT);
    refuseUnless(good.length, 'CONSENT_MISSING', 'flags');
    for (const side of [provider, inquirer]) refuseUnless(this.#assessed(item, side), 'ASSESSMENT_NOT_IN_FORCE', 'context');
    return good.map((grant) => grant.number);
  }

  #assessed(item, { institution_code: code, institution_kind: kind }) {
    const lines = this.table.assessments.filter((line) => line.items.includes(item));
    const line = lines.find(({ institution }) => institution === code) ?? lines.find((one) => !one.institution && one.kind === kind);
    return line?.status === 'in_force';
  }
}

module.exports = { PermissionTable, tableDigest };
