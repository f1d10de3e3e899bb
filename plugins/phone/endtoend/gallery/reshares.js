/**
 * Returns made-up re-shares and alarms, as the core would hand them over.
 * @param {function(number): string} at the time that many seconds from now
 * @returns {{one: Object, refused: Object[], looked: Object, mixed: Object, more: Object, alarm: Object, broken: Object}}
 */
export function reshares(at) {
  const before = [{ name: 'dba', m: 1, breakGlass: false, people: ['alice', 'bob', 'mallory'] }];
  const after = [
    { name: 'dba', m: 2, breakGlass: false, people: ['alice', 'bob', 'dave', 'erin'] },
    { name: 'directors', m: 2, breakGlass: true, people: ['grace', 'heidi'] },
  ];
  const one = {
    hash: 'b1'.repeat(32), id: '6f2d1c9e-0000-4000-8000-0000000000b1', policy: 'production', pattern: 'prod/*', created: at(-3600), total: 1000, done: 0, dealt: [],
    to: after, look: null, since: null, dealing: null,
  };
  const refused = [
    { path: 'prod/old/legacy-key', version: 2, name: 'no_share', text: 'no_share: this approver holds no share of the version; have it re-shared or written again' },
    { path: 'prod/payments/eu-central/signing-key', version: 11, name: 'wrap_set_invalid', text: 'wrap_set_invalid: the shares shown are not those that the author made' },
  ];
  const look = {
    from: [{ needs: before, secrets: 61 }, { needs: [{ name: 'dba', m: 2, breakGlass: false, people: ['alice', 'bob'] }], secrets: 3 }],
    joins: ['dave', 'erin', 'grace', 'heidi'], leaves: ['mallory'], refused: [],
  };
  const since = {
    from: [{ needs: [{ name: 'dba', m: 2, breakGlass: false, people: ['alice', 'bob'] }], secrets: 3 }], joins: ['dave', 'erin'], leaves: ['mallory'], secrets: 1064, agreed: 1000,
  };
  const alarm = {
    hash: 'c1'.repeat(32), id: '6f2d1c9e-0000-4000-8000-0000000000c1', path: 'prod/db', version: 3, requester: 'carol', entity: '', reported: true, remote: '10.4.17.22', host: '',
    consumer: 'vault', reason: 'both on-call phones are lost, the database is down', created: at(-240), decisions: [], released: false,
  };
  return {
    one, refused, looked: { ...one, total: 64, look: { ...look, from: look.from.slice(0, 1), leaves: [] } }, mixed: { ...one, done: 384, dealt: ['bob'], look }, more: { ...one, done: 384, total: 1064, look, since }, alarm,
    broken: {
      ...alarm, released: true,
      decisions: [{ approver: 'grace', device: 'grace-phone', decision: 'approve', time: at(-180), reason: '' }, { approver: 'heidi', device: 'heidi-phone', decision: 'approve', time: at(-60), reason: '' }],
    },
  };
}
