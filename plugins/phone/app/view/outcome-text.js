import { span } from './time.js';
import { visible } from './text.js';

const MINE = { approved: 'your approval', consented: 'your consent', denied: 'your denial' };

/**
 * Returns how an outcome is told: its mark, heading and sentence. The mark is
 * round for yes, square for no, an empty ring where nobody answered in time.
 * @param {Object} outcome see the page model
 * @returns {{mark: string, heading: string, sentence: string}}
 */
export function outcomeText(outcome) {
  const path = visible(outcome.path);
  const who = visible(outcome.requester || 'the requester');
  const by = visible(outcome.by || 'another approver');
  if (outcome.state === 'refused') {
    return { mark: 'none', heading: 'Not taken', sentence: `Your answer for ${path} did not count.` };
  }
  if (outcome.state === 'unsent') {
    return { mark: 'none', heading: 'Not sent yet', sentence: `Not sent yet: ${MINE[outcome.how] ?? 'your answer'} for ${path} is kept on this device, and sent as soon as Vault can be reached. Keep this page open.` };
  }
  if (!outcome.counter && (outcome.how === 'approved' || outcome.how === 'denied')) {
    return answered(outcome.how, by, path);
  }
  switch (outcome.how) {
    case 'approved':
      return { mark: 'yes', heading: 'Approved', sentence: `${who} gets ${path}${lease(outcome)}.` };
    case 'consented':
      return {
        mark: 'half', heading: 'Consent given',
        sentence: 'Nothing is released yet. You are asked again once everyone needed has consented.',
      };
    case 'denied':
      return { mark: 'no', heading: 'Denied', sentence: `${who} does not get ${path}. The request has ended${outcome.report ? ', and is reported' : ''}.` };
    case 'expired':
      return { mark: 'none', heading: 'Expired', sentence: `Nobody answered in time, so ${who} does not get ${path}.` };
    case 'cancelled':
      return { mark: 'none', heading: 'Cancelled', sentence: `The request for ${path} was withdrawn. There is nothing left to decide.` };
    case 'superseded':
      return {
        mark: 'none', heading: 'Superseded',
        sentence: `A newer request replaced this one for ${path}. Decide on that one, with its own match code.`,
      };
    case 'elsewhere':
      return outcome.by ? answered(outcome.decision, by, path)
        : { mark: 'none', heading: 'No longer waits', sentence: `The request for ${path} ended, and nobody said how; Vault may have restarted. Nothing was sent from here.` };
    default:
      return { mark: 'none', heading: 'Ended', sentence: `The request for ${path} is over.` };
  }
}

function answered(how, by, path) {
  return how === 'denied'
    ? { mark: 'no', heading: `Denied by ${by}`, sentence: `The request for ${path} has ended.` }
    : { mark: 'yes', heading: `${how === 'approved' ? 'Approved' : 'Answered'} by ${by}`, sentence: `The request for ${path} needs nothing more from you.` };
}

function lease(outcome) {
  return outcome.lease ? `, usable for ${span(outcome.lease)}` : '';
}
