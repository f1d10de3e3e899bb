// Which screen shows, and the way back: the app's own and the browser's.

// Where "back" leads from a screen that was not reached by going there.
const home = { empty: 'welcome', linked: 'invited', made: 'passkey', waiting: 'words', ready: 'requests' };

/** The screens of one tab. */
export class Screens {
  /**
   * @param {import('./context.js').Context} context
   * @param {{push: (depth: number) => void, back: () => void, onPop: (listener: () => void) => void}} history the browser's, in short
   */
  constructor(context, history) {
    this.context = context;
    this.history = history;
    this.trail = [];
    history.onPop(() => this.popped());
  }

  /** The screen that a device at this stage begins with. */
  home() {
    const { stage, link } = this.context.model;
    // A keyring that was being handed over is not kept: it has to be given again.
    if (['linked', 'made'].includes(stage) && link?.kind === 'handover') return 'join-device';
    return home[stage] ?? 'welcome';
  }

  /** Replaces the screen: there is no way back to the one before. */
  become(screen, changes = {}) {
    this.leave();
    this.context.set({ screen, ...changes });
  }

  /** Begins anew at the stage's first screen. */
  reset(changes = {}) {
    this.trail = [];
    this.become(this.home(), { selected: null, ...changes });
  }

  /** Goes to a screen that one can come back from. */
  go(screen, changes = {}) {
    const { model } = this.context;
    if (model.screen === screen && changes.selected === undefined) return;
    this.trail.push({ screen: model.screen, selected: model.selected });
    this.history.push(this.trail.length);
    this.become(screen, { error: null, ...changes });
  }

  /** Goes to one of the places that are always in reach. */
  tab(screen) {
    this.trail = [];
    this.become(screen, { error: null, selected: null });
  }

  /** Goes back, by way of the browser's history where there is some. */
  back() {
    if (this.trail.length > 0) this.history.back();
    else this.reset({ error: null });
  }

  popped() {
    const before = this.trail.pop();
    if (before && !this.context.model.alarm) this.become(before.screen, { selected: before.selected, error: null });
  }

  // What belongs to one screen only does not outlive it.
  leave() {
    const { model } = this.context;
    if (model.screen === 'sheet') this.context.set({ sheet: null });
    if (model.screen === 'add-device' || model.screen === 'join-device') {
      this.context.stopLoop('handover');
      this.context.set({ handover: null });
    }
    if (model.screen === 'check') this.context.set({ checked: null });
  }
}
