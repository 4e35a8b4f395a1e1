const table = document.querySelector('#devices');
const state = document.querySelector('#state');

const rows = new Map(); // by the device's name
let socket;

const news = {
  devices({ devices }) {
    table.replaceChildren();
    rows.clear();
    for (const device of devices) news.device({ device });
  },
  device({ device: { name, temperature, lamp } }) {
    const { value, button } = rowOf(name);
    value.textContent = temperature === undefined ? '–' : `${temperature.toFixed(1)} °C`;
    button.textContent = lamp ? 'on' : 'off';
    button.ariaPressed = String(Boolean(lamp));
  },
  gone({ name }) {
    rows.get(name)?.row.remove();
    rows.delete(name);
  },
};

/** The device's line of the table, made when it is first heard of. */
function rowOf(name) {
  if (!rows.has(name)) {
    const row = table.insertRow();
    row.insertCell().textContent = name;
    const value = row.insertCell();
    const button = document.createElement('button');
    button.ariaLabel = `Lamp of ${name}`;
    button.addEventListener('click', () => {
      socket.send(JSON.stringify({ name, lamp: button.ariaPressed !== 'true' }));
    });
    row.insertCell().append(button);
    rows.set(name, { row, value, button });
  }
  return rows.get(name);
}

/** Connects, and again whenever the connection is lost. */
function connect() {
  socket = new WebSocket(location.href.replace(/^http/, 'ws'));
  socket.onopen = () => {
    state.textContent = 'Connected.';
  };
  socket.onmessage = ({ data }) => {
    const { type, ...what } = JSON.parse(data);
    news[type]?.(what);
  };
  socket.onclose = () => {
    state.textContent = 'The connection is lost. Trying again…';
    setTimeout(connect, 1000 + Math.random() * 1000);
  };
}

connect();
