import { ask } from './ask.js';
import { clientList } from './client-list.js';
import { clientView } from './client-view.js';
import { el, replace, setText } from './dom.js';
import { figuresOf } from './figures.js';
import { language, words } from './language.js';
import { languageSwitch } from './language-switch.js';
import { Live } from './live.js';
import { logView } from './log-view.js';
import { groupList, uidList } from './name-lists.js';
import { Overview } from './overview.js';
import { duration } from './quantity.js';
import { reloadDialog } from './reload.js';
import { sendDialog } from './send.js';
import { shown } from './shown.js';
import { type Stage, type View, linkTo } from './view.js';

const VIEWS: Readonly<Record<string, (stage: Stage) => View>> = {
  overview: (stage) => new Overview(stage),
  clients: clientList,
  client: clientView,
  groups: groupList,
  uids: uidList,
  log: logView,
};

/** Those that the bar names. */
const TABS = ['overview', 'clients', 'groups', 'uids', 'log'] as const;

/** The page around a view: its bar, and which view the address names. */
export class Shell {
  readonly #live = new Live(() => words().noAnswer);
  readonly #onLeave: () => void;
  #view: View | undefined;
  #viewName = '';
  #name = el('span', { class: 'node-name' });
  #uptime = el('span', { class: 'muted' });
  #trouble = el('p', { class: 'trouble', role: 'alert', hidden: true });
  #main = el('main', { id: 'content', tabindex: -1 });
  #nav = el('nav');
  #actions = el('div', { class: 'actions' });
  readonly #onHash = (): void => this.#show(true);

  /** @param onLeave the reader signs out */
  constructor(onLeave: () => void) {
    this.#onLeave = onLeave;
    this.#live.listen(() => this.#update());
  }

  open(): void {
    addEventListener('hashchange', this.#onHash);
    this.#live.open();
    this.#build();
  }

  close(): void {
    removeEventListener('hashchange', this.#onHash);
    this.#view?.close?.();
    this.#live.close();
    for (const dialog of document.querySelectorAll('dialog')) dialog.remove();
  }

  /** Everything, in the language that is chosen. */
  #build(): void {
    const w = words();
    document.documentElement.lang = language() === 'zh' ? 'zh-CN' : 'en';
    this.#nav.setAttribute('aria-label', w.sections);
    replace(this.#nav, ...TABS.map((tab) => el('a', { href: linkTo(tab), 'data-tab': tab }, w[tab])));
    document.body.replaceChildren(
      el('a', { class: 'skip', href: '#content', onclick: (event) => this.#skip(event) }, w.skip),
      el(
        'header',
        {},
        el(
          'div',
          { class: 'bar' },
          el('div', { class: 'who' }, this.#name, this.#uptime),
          this.#actions,
          languageSwitch(() => this.#build()),
        ),
        this.#nav,
      ),
      this.#trouble,
      this.#main,
    );
    this.#buildActions();
    this.#show(false);
    this.#update();
  }

  #buildActions(): void {
    const w = words();
    const changes = this.#live.readOnly
      ? [el('span', { class: 'tag' }, w.readOnly)]
      : [
          el('button', { type: 'button', onclick: () => sendDialog(this.#view?.whom) }, w.send),
          el('button', { type: 'button', onclick: () => reloadDialog(this.#live) }, w.reload),
        ];
    const leave = (): void => {
      ask('/api/logout')
        .finally(this.#onLeave)
        .catch(() => {});
    };
    replace(
      this.#actions,
      ...(this.#live.sample === undefined ? [] : changes),
      el('button', { type: 'button', class: 'quiet', onclick: leave }, w.logOut),
    );
  }

  /** The view that the address names. @param focus whether it was gone to: a screen reader goes on there */
  #show(focus: boolean): void {
    const [, name = '', query = ''] = /^#\/([a-z]+)(?:\?(.*))?$/.exec(location.hash) ?? [];
    this.#viewName = Object.hasOwn(VIEWS, name) ? name : 'overview';
    this.#view?.close?.();
    this.#view = VIEWS[this.#viewName]({ live: this.#live, params: new URLSearchParams(query) });
    this.#main.replaceChildren(this.#view.element);
    this.#view.update?.();
    for (const tab of this.#nav.querySelectorAll('a')) {
      if (tab.dataset.tab === this.#viewName) tab.setAttribute('aria-current', 'page');
      else tab.removeAttribute('aria-current');
    }
    if (focus) this.#main.focus({ preventScroll: true });
  }

  #shownReadOnly: boolean | undefined;

  #update(): void {
    const { sample, trouble, readOnly } = this.#live;
    this.#trouble.hidden = trouble === '';
    setText(this.#trouble, trouble);
    if (sample !== undefined) {
      const { name, version, uptime } = figuresOf(sample);
      setText(this.#name, shown(name));
      setText(this.#uptime, `${version} · ${words().up} ${duration(uptime)}`);
      document.title = `${shown(name)} · GatewayWorker`;
      if (this.#shownReadOnly !== readOnly) {
        this.#shownReadOnly = readOnly;
        this.#buildActions();
      }
    }
    this.#view?.update?.();
  }

  #skip(event: Event): void {
    event.preventDefault();
    this.#main.focus();
  }
}
