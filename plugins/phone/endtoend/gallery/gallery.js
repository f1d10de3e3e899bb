// Shows any screen from a made-up model: gallery.html#NAME, or a list of them.
// gallery.html?dir=rtl#NAME shows it from right to left. For looking only; what
// the buttons would do is written to the console.
import { h } from '../../app/dom.js';
import { mount } from '../../app/view/app.js';
import { models } from './models.js';

const actions = new Proxy({}, {
  get: (_, name) => (...given) => console.info('action', String(name), given.length),
});

function list() {
  const links = Object.keys(models).map((name) => h('li', { class: 'item' }, h('a', { href: `#${name}`, class: 'plain' }, name)));
  document.querySelector('#app').replaceChildren(h('main', { 'data-screen': 'gallery' },
    h('div', { class: 'body' }, h('h1', {}, 'Gallery'), h('ul', { class: 'list' }, links))));
}

function show() {
  const name = decodeURIComponent(location.hash.slice(1));
  if (!Object.hasOwn(models, name)) {
    list();
    return;
  }
  const model = models[name];
  globalThis.update = mount(document.querySelector('#app'), actions);
  globalThis.shown = model;
  globalThis.update(model);
  globalThis.shownName = name;
}

globalThis.models = Object.keys(models);
document.documentElement.dir = new URLSearchParams(location.search).get('dir') === 'rtl' ? 'rtl' : 'ltr';
globalThis.addEventListener('hashchange', show);
show();
