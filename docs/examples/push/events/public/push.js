const log = document.querySelector('#log');
const state = document.querySelector('#state');
const time = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

let refused = false;

const answers = {
  welcome({ uid }) {
    state.textContent = `Logged in as ${uid}. Waiting for messages.`;
  },
  refused() {
    refused = true;
    state.textContent = 'This address has no valid token. Get one with: npm run login -- ann';
  },
  push({ text, at }) {
    const item = document.createElement('li');
    const when = document.createElement('time');
    when.textContent = time.format(at);
    item.append(when, ` ${text}`);
    log.prepend(item);
  },
};

/** Connects with the token of this page's address, and again whenever the connection is lost. */
function connect() {
  const socket = new WebSocket(location.href.replace(/^http/, 'ws'));
  socket.onmessage = ({ data }) => {
    const { type, ...answer } = JSON.parse(data);
    answers[type]?.(answer);
  };
  socket.onclose = () => {
    if (refused) return;
    state.textContent = 'The connection is lost. Trying again…';
    setTimeout(connect, 1000 + Math.random() * 1000);
  };
}

connect();
