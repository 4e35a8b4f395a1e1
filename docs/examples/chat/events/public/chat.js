import { connect } from '/gatewayworker.js';

const forms = { enter: document.querySelector('#enter'), say: document.querySelector('#say') };
const log = document.querySelector('#log');
const state = document.querySelector('#state');
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

const people = new Set();
let place; // { room, name } once we have asked to enter

/** Connects, and again whenever the connection is lost: what is said meanwhile waits. */
const chat = connect('/');

chat.onState((now) => {
  if (now === 'waiting') state.textContent = 'The connection is lost. Trying again…';
  if (now !== 'open') return;
  state.textContent = 'Connected.';
  if (place) enter();
});
chat.onError(({ message }) => (state.textContent = message));
chat.on('came', ({ name }) => {
  people.add(name);
  note(`${name} came`);
});
chat.on('left', ({ name }) => {
  people.delete(name);
  note(`${name} left`);
});
chat.on('said', said);

async function enter() {
  try {
    const { names, messages } = await chat.request('enter', place);
    log.replaceChildren();
    messages.forEach(said);
    people.clear();
    names.forEach((name) => people.add(name));
    for (const control of forms.say.elements) control.disabled = false;
    forms.say.text.focus();
    showPeople();
  } catch ({ message }) {
    state.textContent = message;
  }
}

function said({ name, text, at }) {
  const who = document.createElement('b');
  who.textContent = name;
  add('message', who, ` ${text} `, element('time', time.format(at)));
}

function note(text) {
  add('note', text);
  showPeople();
}

function showPeople() {
  state.textContent = `In ${place.room}: ${[...people].join(', ')}`;
}

function add(kind, ...content) {
  const item = element('li', '');
  item.className = kind;
  item.append(...content);
  log.append(item);
  item.scrollIntoView();
}

function element(name, text) {
  const made = document.createElement(name);
  made.textContent = text; // never as HTML: it is what others wrote
  return made;
}

forms.enter.addEventListener('submit', (event) => {
  event.preventDefault();
  place = Object.fromEntries(new FormData(forms.enter));
  enter();
});
forms.say.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = forms.say.text.value.trim();
  if (text) chat.emit('say', { text });
  forms.say.reset();
});
