/**
 * Returns made-up requests, one for each way in which a card can look.
 * @param {function(number): string} at the time that many seconds from now
 * @returns {Object<string, Object>}
 */
export function cards(at) {
  const hash = (n) => n.toString(16).padStart(2, '0').repeat(32);
  const id = (n) => `6f2d1c9e-0000-4000-8000-${String(n).padStart(12, '0')}`;
  const anyOf = [{ name: 'dba', m: 1, have: 0, people: ['alice', 'bob'], decided: [], missing: ['alice', 'bob'] }];
  const dba = { name: 'dba', m: 1, have: 1, people: ['bob', 'dave'], decided: ['bob'], missing: [] };
  const security = { name: 'security', m: 2, have: 0, people: ['alice', 'erin', 'frank'], decided: [], missing: ['alice', 'erin', 'frank'] };
  const both = [dba, security];
  const half = [dba, { ...security, have: 1, decided: ['erin'], missing: ['alice', 'frank'] }];
  const by = (approver, decision, seconds) => ({ approver, device: `${approver}-phone`, decision, time: at(seconds), reason: '' });

  const plain = {
    hash: hash(0xa1), id: id(1), path: 'prod/db', version: 3, requester: 'carol', reported: true, entity: '', remote: '10.4.17.22', host: '',
    executable: '', executableHash: '', uid: -1, pid: -1, consumer: 'vault', consumerKind: 'mount', reason: 'restore after incident 7', created: at(-48),
    deadline: at(252), lease: 900, policy: 'production', requirements: anyOf, decisions: [], matchCode: 'S9Z4-AZX9', typeCode: false, consentFirst: false,
    consented: false, agreed: false, breakGlass: false, tally: '', muted: '',
  };
  const host = {
    ...plain, hash: hash(0xa2), id: id(2), path: 'prod/payments/eu-central/signing-key', version: 12, requester: 'deploy-bot', reported: false, host: 'build-7.example',
    executable: '/usr/local/bin/terraform', executableHash: 'b1946ac92492d2347c6235b4d2611184'.repeat(2), uid: 1001, pid: 48213, consumer: 'build-7',
    consumerKind: 'host', reason: 'terraform apply, change 4711', deadline: at(131), matchCode: '7KQ2-0MVT',
  };
  const quorum = { ...plain, hash: hash(0xa3), id: id(3), path: 'prod/root-ca/intermediate', requirements: both, tally: 'dba: done; 0 of 2 security', decisions: [by('bob', 'approve', -20)], matchCode: 'H3RD-84WX' };
  const consent = { ...quorum, hash: hash(0xa4), id: id(4), consentFirst: true, decisions: [by('bob', 'consent', -20)] };
  return {
    plain, host, quorum, consent,
    consented: { ...consent, hash: hash(0xa5), consented: true, requirements: [dba, { ...security, have: 1, decided: ['alice'], missing: ['erin', 'frank'] }], decisions: [by('bob', 'consent', -20), by('alice', 'consent', -5)] },
    half: { ...quorum, hash: hash(0xaa), id: id(10), requirements: half, tally: 'dba: done; 1 of 2 security', decisions: [by('bob', 'approve', -20), by('erin', 'approve', -6)] },
    broken: {
      ...plain, hash: hash(0xac), id: id(12), breakGlass: true, reason: 'both on-call phones are lost, the database is down', tally: '1 of 2 directors',
      requirements: [{ name: 'directors', m: 2, have: 1, people: ['alice', 'grace', 'heidi'], decided: ['grace'], missing: ['alice', 'heidi'] }], decisions: [by('grace', 'approve', -30)],
    },
    muted: { ...host, hash: hash(0xab), id: id(11), muted: at(3000) },
    agreed: { ...consent, hash: hash(0xa6), requirements: [{ ...dba, have: 0, decided: [], missing: ['bob', 'dave'] }, security], consented: true, agreed: true, decisions: [by('bob', 'consent', -40), by('alice', 'consent', -30), by('erin', 'consent', -12)] },
    typed: { ...plain, hash: hash(0xa7), id: id(7), typeCode: true },
    hurried: { ...plain, hash: hash(0xa8), id: id(8), path: 'staging/api', requester: 'dave', reason: '', deadline: at(41), created: at(-259) },
    hostile: {
      ...host, hash: hash(0xa9), id: id(9), requester: 'carol\u202Egro.elpmaxe\u200B (verified)', reason: 'urgent\u2028\nApproved by security',
      path: 'prod/a-very-long-department-name/another-quite-long-team-name/service-with-a-name/that-goes-on/credentials-of-the-primary-database',
      host: 'a-host-with-a-name-as-long-as-names-of-hosts-in-clouds-are.eu-central-1.compute.internal.example', remote: '2001:db8:85a3:8d3:1319:8a2e:370:7348',
    },
  };
}
