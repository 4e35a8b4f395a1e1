import { connect } from '/gatewayworker.js';
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
let me; // {uid, name}, once the server has let us in
let inside = false; // false while we are not (again) in the room
let open; // the talk that is shown
let following = true; // whether the log is at its end, and is to stay there

// ---- What we and the server say

/** Comes back by itself when it is lost. */
const chat = connect(location);

const events = {
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
    add(talkOf(`#${message.room}`, message.room), message);
  },
  whispered({ from, to, text, at }) {
    const other = from.uid === me?.uid ? to : from;
    add(talkOf(other.uid, other.name), { from, text, at });
  },
};
for (const [event, heard] of Object.entries(events)) {
  chat.on(event, (data) => {
    heard(data);
    showLists();
  });
}

chat.onState((state, end) => {
  inside = false;
  for (const talk of talks.values()) talk.asked = false;
  if (state === 'open' && saved.name) enter();
  else showState(state, Math.round(end?.pause / 1000));
});
chat.onError(({ message }) => open && notice(open, message, 'error'));

/** What is wrong with what somebody has typed; undefined when the connection was lost: it comes back. */
function problem({ code, path, message }) {
  if (code === 'GW_LINK_CLOSED') return undefined;
  const what = { '/name': 'A name', '/room': 'A room' }[path];
  return what ? `${what} has 1 to 20 letters, digits, dots, dashes or underscores, and no spaces.` : message;
}

async function enter() {
  const { name, room, token } = saved;
  talkOf(`#${room}`, room).enter();
  try {
    entered(await chat.request('enter', { name, room, token }));
  } catch (error) {
    const found = problem(error);
    if (found) askName(found);
  }
}

async function goTo(room) {
  if (!inside || room === saved.room) return inside && show(talkOf(`#${room}`, room));
  talkOf(`#${room}`, room).enter();
  try {
    entered(await chat.request('join', { room }));
  } catch (error) {
    notice(open, problem(error) ?? 'Not now.', 'error');
  }
}

function entered({ room, you, people: here, ...history }) {
  const back = me !== undefined && saved.room === room;
  me = you;
  inside = true;
  keep({ name: you.name, room });
  people.clear();
  for (const person of here) people.set(person.uid, person);
  const talk = talkOf(`#${room}`, room);
  notice(talk, back ? 'Reconnected.' : `You are in ${room}.`);
  if ($('welcome').open) $('welcome').close();
  showState('online');
  if (!back || open.isRoom) show(talk); // whoever comes back in a private talk stays in it
  showHistory(talk, history);
  askRooms();
}

function showHistory(talk, { said, more }) {
  if (said === null) return notice(talk, 'What was said before cannot be read now.', 'error');
  const log = $('log');
  const height = log.scrollHeight;
  talk.addHistory(said, more, me.uid);
  if (talk !== open) return;
  showEarlier();
  if (following) scrollDown();
  else log.scrollTop += log.scrollHeight - height;
}

async function askEarlier() {
  const talk = open;
  if (!inside || !talk.more || talk.asked) return;
  talk.asked = true;
  try {
    showHistory(talk, await chat.request('earlier', { before: talk.first }));
  } catch ({ message }) {
    notice(talk, message, 'error');
  }
  talk.asked = false;
}

async function askRooms() {
  try {
    const rooms = await chat.request('rooms');
    for (const room of Object.keys(counts)) counts[room] = rooms[room] ?? 0;
    Object.assign(counts, rooms);
    showLists();
  } catch {} // the next time, then
}

async function say(talk, text) {
  const timeout = 8_000;
  try {
    if (talk.isRoom) await chat.request('say', { text }, { timeout });
    else await chat.request('whisper', { to: talk.key, text }, { timeout });
  } catch ({ code, message }) {
    notice(talk, message, 'error');
    $('message').value ||= text;
    if (code !== 'GW_TIMEOUT') return;
    // a phone that slept may hold a connection that is long dead: another one
    chat.close();
    chat.reconnect();
  }
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
    open: 'Connected',
    closed: 'Closed',
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
  keep({ name: $('name').value.trim(), room: $('room').value.trim().toLowerCase() });
  enter();
});
$('welcome').addEventListener('cancel', (event) => event.preventDefault()); // nobody is here without a name

$('composer').addEventListener('submit', (event) => {
  event.preventDefault();
  const text = $('message').value.trim();
  if (!text) return;
  if (!inside) return chat.reconnect();
  say(open, text);
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
$('state').addEventListener('click', () => chat.reconnect());
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
  if (document.hidden) return;
  if (open) open.unread = 0;
  chat.reconnect();
  showLists();
});
setInterval(() => inside && !document.hidden && askRooms(), 10_000);

showMenu(false);
if (!saved.name) askName('');
