const forms = { enter: document.querySelector('#enter'), say: document.querySelector('#say') };
const log = document.querySelector('#log');
const state = document.querySelector('#state');
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

const people = new Set();
let socket;
let place; // { room, name } once we have asked to enter
let inside = false;

const answers = {
  entered({ room, names, messages }) {
    inside = true;
    log.replaceChildren();
    messages.forEach(answers.said);
    people.clear();
    names.forEach((name) => people.add(name));
    for (const control of forms.say.elements) control.disabled = false;
    forms.say.text.focus();
    state.textContent = `In ${room}: ${[...people].join(', ')}`;
  },
  came({ name }) {
    people.add(name);
    note(`${name} came`);
  },
  left({ name }) {
    people.delete(name);
    note(`${name} left`);
  },
  said({ name, text, at }) {
    const who = document.createElement('b');
    who.textContent = name;
    add('message', who, ` ${text} `, element('time', time.format(at)));
  },
  error({ text }) {
    state.textContent = text;
  },
};

/** Connects, and again whenever the connection is lost. */
function connect() {
  socket = new WebSocket(location.href.replace(/^http/, 'ws'));
  socket.onopen = () => {
    state.textContent = 'Connected.';
    if (place) send({ type: 'enter', ...place });
  };
  socket.onmessage = ({ data }) => {
    const { type, ...answer } = JSON.parse(data);
    answers[type]?.(answer);
  };
  socket.onclose = () => {
    inside = false;
    state.textContent = 'The connection is lost. Trying again…';
    setTimeout(connect, 1000 + Math.random() * 1000);
  };
}

function send(request) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(request));
}

function note(text) {
  add('note', text);
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
  send({ type: 'enter', ...place });
});
forms.say.addEventListener('submit', (event) => {
  event.preventDefault();
  if (!inside) return;
  send({ type: 'say', text: forms.say.text.value });
  forms.say.reset();
});

connect();
