import { closed, replacing } from './again.js';
import { addDevice, devices, joinDevice } from './devices.js';
import { password, passkey } from './enrol.js';
import { entry, history } from './history.js';
import { outcome } from './outcome.js';
import { waiting as waits } from './quiet.js';
import { check, restore } from './recovery.js';
import { refused } from './refused.js';
import { request } from './request.js';
import { reshare } from './reshare.js';
import { requests } from './requests.js';
import { settings, signOut } from './settings.js';
import { sheet } from './sheet.js';
import { alarm, elsewhere, loading, unsupported } from './status.js';
import { invited, welcome } from './welcome.js';
import { words } from './words.js';

// Each screen: its render function, the title of the window, and what of the
// model makes it another screen of the same kind.
const one = (model) => model.selected ?? '';
const stage = (model) => model.handover?.step ?? '';
const ended = (model) => model.closed ?? (model.replaces ? 'replaces' : '');

// What waits for others shows that it waits in vain, where it does.
function steady(render) {
  return (model, actions, local) => {
    if (model.replaces) {
      return replacing(model, actions);
    }
    return model.closed ? closed(model, actions) : render(model, actions, local);
  };
}

const SCREENS = {
  loading: [loading, 'Opening'],
  unsupported: [unsupported, 'Not supported'],
  elsewhere: [elsewhere, 'Open elsewhere'],
  welcome: [welcome, 'Welcome'],
  invited: [invited, 'Invitation'],
  passkey: [passkey, 'Passkey'],
  password: [password, 'Password'],
  sheet: [sheet, 'Recovery key'],
  words: [steady(words), 'Fingerprint', ended],
  requests: [requests, 'Requests'],
  request: [request, 'Request', one],
  refused: [refused, 'Refused', one],
  reshare: [reshare, 'Sharing anew', (model) => `${one(model)} ${model.resharing?.state === 'done'}`],
  outcome: [outcome, 'Outcome'],
  history: [history, 'History'],
  entry: [entry, 'Decision', one],
  settings: [settings, 'Settings'],
  devices: [devices, 'Devices'],
  'add-device': [addDevice, 'Add a device', stage],
  'join-device': [steady(joinDevice), 'Add this device', (model) => ended(model) || stage(model)],
  restore: [restore, 'Restore'],
  check: [check, 'Check-up'],
  'sign-out': [signOut, 'Sign out'],
  alarm: [alarm, 'Stop'],
};

/** The names of all screens. */
export const names = Object.keys(SCREENS);

/**
 * Returns the screen that a model asks for. An alarm covers every other one.
 * @param {Object} model
 * @returns {{render: function, title: string, key: string}}
 */
export function screenOf(model) {
  const name = model.alarm ? 'alarm' : model.screen;
  const known = Object.hasOwn(SCREENS, name) ? name : 'loading';
  const [render, title, variant] = SCREENS[known];
  const count = waits(model);
  const waiting = known === 'requests' && count > 0 ? `(${count}) ` : '';
  return { render, title: waiting + title, key: `${known} ${variant ? variant(model) : ''}` };
}
