import { left } from './time.js';
import { outcomeText } from './outcome-text.js';
import { calling } from './quiet.js';
import { percent } from './reshare.js';
import { visible } from './text.js';

const LAST_MINUTE = 60_000;

/**
 * Returns what a screen reader is told between two models: arrivals, the last
 * minute, outcomes and the connection; never the passing seconds. over: what was
 * said to be under way no longer is.
 * @param {?Object} before the model before, null at the start
 * @param {Object} model
 * @returns {{said: string, called: string, over: boolean}} politely said, and called out at once
 */
export function announcements(before, model) {
  const said = [arrivals(before, model), reshares(before, model), progress(before, model), connection(before, model), outcome(before, model), busy(before, model), signedOut(before, model)];
  return {
    said: said.filter(Boolean).join(' '),
    called: [lastMinute(before, model), alarm(before, model), broken(before, model)].filter(Boolean).join(' '),
    over: Boolean(before?.busy) && !model.busy,
  };
}

function arrivals(before, model) {
  if (before === null) {
    return '';
  }
  const known = new Set((before.requests ?? []).map((card) => card.hash));
  return calling(model).filter((card) => !known.has(card.hash))
    .map((card) => `New request: ${visible(card.requester || 'unknown')} asks for ${visible(card.path)}.`).join(' ');
}

function reshares(before, model) {
  const known = new Set((before?.reshares ?? []).map(({ hash }) => hash));
  return before === null ? '' : (model.reshares ?? []).filter(({ hash, done, total }) => !known.has(hash) && done < total)
    .map(({ pattern, total }) => `New request: share ${total} below ${visible(pattern)} anew.`).join(' ');
}

const STEP = 10; // percent from one announcement to the next

function progress(before, model) {
  const [was, now] = [before?.resharing, model.resharing];
  if (!now || was === now) {
    return '';
  }
  if (now.state !== 'running') {
    return was?.state === 'running' ? { done: 'All of it is shared anew.', stopped: 'Sharing anew has stopped.' }[now.state] : '';
  }
  const tenth = (state) => Math.floor(percent(state) / STEP);
  return was && tenth(was) < tenth(now) ? `${tenth(now) * STEP} percent shared anew.` : '';
}

// Once for each alarm, and again when somebody has opened what it is about.
function broken(before, model) {
  const known = new Set((before?.alarms ?? []).map(({ hash, released }) => `${hash} ${released}`));
  return (model.alarms ?? []).filter(({ hash, released }) => !known.has(`${hash} ${released}`))
    .map(({ requester, path, released }) => `Alarm: ${visible(requester || 'somebody')} ${released ? 'broke' : 'asks to break'} the glass for ${visible(path)}.`).join(' ');
}

function lastMinute(before, model) {
  if (before === null || model.screen !== 'request') {
    return '';
  }
  const card = (model.requests ?? []).find(({ hash }) => hash === model.selected);
  const crossed = card && left(card.deadline, before.now) > LAST_MINUTE && left(card.deadline, model.now) <= LAST_MINUTE;
  return crossed ? 'One minute left to decide.' : '';
}

function connection(before, model) {
  const was = before !== null && reached(before);
  if (before === null || was === reached(model)) {
    return '';
  }
  return was ? 'Connection lost.' : 'Connected again.';
}

function reached(model) {
  return model.online !== false && model.reachable !== false;
}

function outcome(before, model) {
  const fresh = model.screen === 'outcome' && model.outcome && (before?.screen !== 'outcome' || before.outcome?.state !== model.outcome.state);
  return fresh ? outcomeText(model.outcome).sentence : '';
}

function busy(before, model) {
  return model.busy && before?.busy !== model.busy ? model.busy : '';
}

// The screen is the same one as before: its heading is not read out by itself.
function signedOut(before, model) {
  return model.signedOut && !before?.signedOut ? 'Signed out.' : '';
}

function alarm(before, model) {
  return model.alarm && before?.alarm?.name !== model.alarm.name ? 'Stop. This device no longer trusts what it is shown.' : '';
}
