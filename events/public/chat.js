import { Connection } from './connection.js';
import { arrange, avatar, element } from './elements.js';
import { Talk } from './talk.js';

const $ = (id) => document.getElementById(id);
const phone = matchMedia('(max-width: 760px)');

/** This tab's name, room and secret token: they outlive a reload, and a lost connection. */
const saved = JSON.parse(sessionStorage.getItem('chat') ?? 'null') ?? {
  name: '',
  room: 'lobby',
  token: newToken(),
};
const counts = { lobby: 0, games: 0, music: 0 }; // rooms on offer, with the number of connections in each
const people = new Map(); // of the current room, by uid
const talks = new Map(); // by '#room' or a uid
const entries = new Map(); // the same keys => the <li> in the list of rooms or people
const unconfirmed = []; // {text} of what was sent and has not come back yet

let connection;
let me; // {uid, name}, once the server has let us in
let inside = false; // false while we are not (again) in the room
let open; // the talk that is shown
let following = true; // whether the log is at its end, and is to stay there

// ---- What the server says

const events = {
  joined({ room, you, people: here }) {
    const back = me !== undefined && saved.room === room;
    me = you;
    inside = true;
    keep({ name: you.name, room });
    people.clear();
    for (const person of here) people.set(person.uid, person);
    const talk = talkOf(`#${room}`, room);
    talk.entered();
    notice(talk, back ? 'Reconnected.' : `You are in ${room}.`);
    if ($('welcome').open) $('welcome').close();
    showState('online');
    if (!back || open.isRoom) show(talk); // whoever comes back in a private talk stays in it
    connection.send({ type: 'rooms' });
  },
  arrived({ room, person }) {
    if (room !== saved.room || people.has(person.uid)) return;
    people.set(person.uid, person);
    notice(talkOf(`#${room}`, room), `${person.name} joined`);
  },
  left({ room, person }) {
    if (room !== saved.room || !people.delete(person.uid)) return;
    notice(talkOf(`#${room}`, room), `${person.name} left`);
  },
  said(message) {
    if (message.from.uid === me?.uid) confirm(message.text);
    add(talkOf(`#${message.room}`, message.room), message);
  },
  history({ room, said, more }) {
    const talk = talkOf(`#${room}`, room);
    if (said === null) return notice(talk, 'What was said before cannot be read now.', 'error');
    const log = $('log');
    const height = log.scrollHeight;
    talk.addHistory(said, more, me.uid);
    if (talk !== open) return;
    showEarlier();
    if (following) scrollDown();
    else log.scrollTop += log.scrollHeight - height;
  },
  whispered({ from, to, text, at }) {
    if (from.uid === me?.uid) confirm(text);
    const other = from.uid === me?.uid ? to : from;
    add(talkOf(other.uid, other.name), { from, text, at });
  },
  rooms({ rooms }) {
    for (const room of Object.keys(counts)) counts[room] = rooms[room] ?? 0;
    Object.assign(counts, rooms);
  },
  error({ text }) {
    if (!inside) return askName(text);
    notice(open, text, 'error');
    $('message').value ||= unconfirmed.shift()?.text ?? '';
  },
};

function start() {
  const url = new URL('.', location.href.replace(/^http/, 'ws'));
  connection = new Connection(url, {
    onOpen() {
      if (saved.name) enter();
      else showState('entering');
    },
    onMessage(event) {
      events[event.type]?.(event);
      showLists();
    },
    onWaiting(seconds) {
      inside = false;
      for (const talk of talks.values()) talk.asked = false;
      for (const { text } of unconfirmed.splice(0)) notice(open, `Not sent: ${text}`, 'error');
      showState('waiting', Math.round(seconds));
    },
  });
  setInterval(() => inside && !document.hidden && connection.send({ type: 'rooms' }), 10_000);
  if (!saved.name) askName('');
}

function enter() {
  connection.send({ type: 'enter', name: saved.name, room: saved.room, token: saved.token });
}

function say(text) {
  connection.send(open.isRoom ? { type: 'say', text } : { type: 'whisper', to: open.key, text });
  const sent = { text };
  unconfirmed.push(sent);
  // A phone that slept may hold a connection that is long dead: no answer, so make another.
  setTimeout(() => unconfirmed.includes(sent) && connection.replace(), 8_000);
}

function confirm(text) {
  const index = unconfirmed.findIndex((sent) => sent.text === text);
  if (index >= 0) unconfirmed.splice(index, 1);
}

// ---- Talks: a room's, or one with a single person

function talkOf(key, title) {
  if (!talks.has(key)) talks.set(key, new Talk(key, title));
  return talks.get(key);
}

function show(talk) {
  open = talk;
  talk.unread = 0;
  $('log').replaceChildren($('earlier'), talk.list);
  showEarlier();
  $('message').placeholder = talk.isRoom
    ? `Message to everybody in ${talk.title}`
    : `Private message to ${talk.title}`;
  document.body.classList.toggle('private', !talk.isRoom);
  scrollDown();
  showMenu(false);
  showLists();
  if (!phone.matches) $('message').focus();
}

function add(talk, message) {
  const own = message.from.uid === me?.uid;
  if (!talk.add(message, own)) return;
  added(talk, own);
  if (own) return;
  if (talk !== open || document.hidden) talk.unread++;
  $('announcer').textContent = `${message.from.name}${talk.isRoom ? '' : ', in private'}: ${message.text}`;
}

function notice(talk, text, kind) {
  talk.notice(text, kind);
  added(talk, false);
  if (talk === open) $('announcer').textContent = text;
}

function added(talk, own) {
  if (talk !== open) return;
  if (own || following) scrollDown();
  else $('newer').hidden = false;
}

function showEarlier() {
  $('earlier').hidden = !open.more;
}

/** The answer is a history, as after entering. */
function askEarlier() {
  if (!inside || !open.more || open.asked) return;
  open.asked = true;
  connection.send({ type: 'earlier', before: open.first });
}

function scrollDown() {
  following = true;
  $('log').scrollTop = $('log').scrollHeight;
  $('newer').hidden = true;
}

// ---- What else is on the page

function showLists() {
  if (inside) counts[saved.room] = people.size;
  const rooms = Object.keys(counts).map((room) => {
    const item = entry(`#${room}`, room, () => goTo(room), element('span', 'hash', '#'));
    item.querySelector('.count').textContent = counts[room] || '';
    return item;
  });
  // Who is in this room, and who is elsewhere but has been talked to.
  const names = new Map([...people.values()].map(({ uid, name }) => [uid, name]));
  for (const talk of talks.values())
    if (!talk.isRoom && !names.has(talk.key)) names.set(talk.key, talk.title);
  names.delete(me?.uid);
  const others = [...names].map(([uid, name]) => {
    const item = entry(uid, name, () => show(talkOf(uid, name)), avatar({ uid, name }));
    const here = inside && people.has(uid);
    item.classList.toggle('away', !here);
    item.title = here ? `Private message to ${name}` : `${name} is not in this room`;
    return item;
  });
  arrange($('rooms'), rooms);
  arrange($('people'), others);
  $('nobody').hidden = others.length > 0;

  $('self').textContent = me?.name ?? '';
  if (open) {
    const here = open.isRoom
      ? `${people.size} ${people.size === 1 ? 'person' : 'people'} here`
      : 'Only the two of you see this';
    $('title').textContent = open.isRoom ? `#${open.title}` : open.title;
    $('subtitle').textContent = here;
  }
  const unread = [...talks.values()].reduce((sum, talk) => sum + talk.unread, 0);
  $('menu-unread').textContent = unread;
  $('menu-unread').hidden = unread === 0;
  document.title = `${unread ? `(${unread}) ` : ''}${open ? open.title : 'GatewayWorker chat'}`;
}

function showState(state, seconds) {
  const words = {
    entering: 'Connected',
    online: 'Online',
    waiting: `Reconnecting in ${seconds} s`,
    connecting: 'Connecting…',
  };
  $('state').dataset.state = state;
  $('state').textContent = words[state];
  $('message').disabled = $('send').disabled = me === undefined;
  showLists();
}

function showMenu(shown) {
  document.body.classList.toggle('menu', shown);
  $('menu').ariaExpanded = String(shown);
  $('rail').inert = phone.matches && !shown;
}

function askName(error) {
  $('enter-error').textContent = error;
  $('name').value = saved.name;
  $('room').value = saved.room;
  if (!$('welcome').open) $('welcome').showModal();
  $('name').select();
}

function goTo(room) {
  if (inside && room !== saved.room) connection.send({ type: 'join', room });
  else if (inside) show(talkOf(`#${room}`, room));
}

function keep(changes) {
  Object.assign(saved, changes);
  sessionStorage.setItem('chat', JSON.stringify(saved));
}

/** 128 random bits. (crypto.randomUUID is missing on a page that came over plain HTTP from another machine.) */
function newToken() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/** One line of a list: made once and then changed, so that a click or the focus on it is not lost. */
function entry(key, label, onClick, picture) {
  if (!entries.has(key)) {
    const made = element('li');
    const button = element('button');
    button.type = 'button';
    button.append(
      picture,
      element('span', 'label', label),
      element('span', 'count'),
      element('span', 'badge'),
    );
    button.addEventListener('click', onClick);
    made.append(button);
    entries.set(key, made);
  }
  const item = entries.get(key);
  const unread = talks.get(key)?.unread ?? 0;
  item.classList.toggle('current', open?.key === key);
  item.firstChild.ariaCurrent = String(open?.key === key);
  const badge = item.querySelector('.badge');
  badge.textContent = unread;
  badge.ariaLabel = `${unread} unread`;
  badge.hidden = unread === 0;
  return item;
}

// ---- What people do

$('enter').addEventListener('submit', (event) => {
  event.preventDefault();
  keep({ name: $('name').value.trim(), room: $('room').value.trim() });
  enter();
});
$('welcome').addEventListener('cancel', (event) => event.preventDefault()); // nobody is here without a name

$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = $('message').value.trim();
  if (!text) return;
  if (!inside) return connection.retry();
  say(text);
  $('message').value = '';
});
$('message').addEventListener('keydown', (event) => {
  // Enter sends and Shift+Enter breaks the line; while an input method is composing, Enter is its own.
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $('composer').requestSubmit();
});
$('send').addEventListener('pointerdown', (event) => event.preventDefault()); // keeps a phone's keyboard open

$('new-room').addEventListener('submit', (event) => {
  event.preventDefault();
  goTo($('new-room-name').value.trim().toLowerCase().replaceAll(/\s+/g, '-'));
  $('new-room').reset();
});
$('sign-out').addEventListener('click', () => {
  sessionStorage.removeItem('chat');
  location.reload();
});
$('state').addEventListener('click', () => connection.retry());
$('menu').addEventListener('click', () => showMenu(true));
$('shade').addEventListener('click', () => showMenu(false));
$('newer').addEventListener('click', scrollDown);
$('earlier').addEventListener('click', askEarlier);
new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && askEarlier()).observe($('earlier'));
$('log').addEventListener('scroll', () => {
  following = $('log').scrollHeight - $('log').scrollTop - $('log').clientHeight < 60;
  if (following) $('newer').hidden = true;
});
new ResizeObserver(() => following && scrollDown()).observe($('log')); // a phone's keyboard comes and goes
addEventListener('keydown', (event) => event.key === 'Escape' && showMenu(false));
phone.addEventListener('change', () => showMenu(false));
document.addEventListener('visibilitychange', () => {
  if (open && !document.hidden) open.unread = 0;
  showLists();
});

showMenu(false);
start();
