const canvas = document.querySelector('#field');
const state = document.querySelector('#state');
const field = canvas.getContext('2d');

const PLAY = 0x01;
const RUN = 0x02;
const YOU = 0x11;
const NOW_BYTES = 9;
const PLAYER_BYTES = 7;
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const pressed = new Set();
let socket;
let you; // our number
let told = 0; // when we last heard how the room is

/** Connects, and again whenever the connection is lost. */
function connect() {
  socket = new WebSocket(location.href.replace(/^http/, 'ws'));
  socket.binaryType = 'arraybuffer';
  socket.onopen = () => send(PLAY);
  socket.onmessage = ({ data }) => {
    const view = new DataView(data);
    if (view.getUint8(0) === YOU) you = view.getUint8(1);
    else draw(view);
  };
  socket.onclose = () => {
    state.textContent = 'The connection is lost. Trying again…';
    setTimeout(connect, 1000 + Math.random() * 1000);
  };
}

function send(...bytes) {
  if (socket.readyState === WebSocket.OPEN) socket.send(new Int8Array(bytes));
}

/** The server has lost our room, as a crash does: we play again. */
setInterval(() => {
  if (performance.now() - told > 1000) send(PLAY);
}, 1000);

function draw(view) {
  told = performance.now();
  field.clearRect(0, 0, canvas.width, canvas.height);
  dot(view.getUint16(5), view.getUint16(7), 6, 'gold');
  const scores = [];
  for (let at = NOW_BYTES; at < view.byteLength; at += PLAYER_BYTES) {
    const number = view.getUint8(at);
    dot(
      view.getUint16(at + 1),
      view.getUint16(at + 3),
      number === you ? 14 : 10,
      `hsl(${number * 137} 70% 50%)`,
    );
    scores.push(`${number === you ? 'you' : `player ${number}`}: ${view.getUint16(at + 5)}`);
  }
  state.textContent = scores.join(', ');
}

function dot(x, y, radius, color) {
  field.fillStyle = color;
  field.beginPath();
  field.arc(x, y, radius, 0, 2 * Math.PI);
  field.fill();
}

function run() {
  const [dx, dy] = [...pressed].reduce(([x, y], key) => [x + KEYS[key][0], y + KEYS[key][1]], [0, 0]);
  send(RUN, dx, dy);
}

for (const type of ['keydown', 'keyup']) {
  addEventListener(type, (event) => {
    if (!(event.key in KEYS)) return;
    event.preventDefault();
    if (event.repeat) return;
    if (type === 'keydown') pressed.add(event.key);
    else pressed.delete(event.key);
    run();
  });
}
for (const type of ['pointerdown', 'pointermove']) {
  canvas.addEventListener(type, ({ offsetX, offsetY, buttons, pointerId }) => {
    if (buttons === 0) return;
    canvas.setPointerCapture(pointerId);
    // the field's middle third is neither here nor there
    const [x, y] = [offsetX / canvas.clientWidth, offsetY / canvas.clientHeight];
    send(RUN, Math.round(3 * x - 1.5), Math.round(3 * y - 1.5));
  });
}
canvas.addEventListener('pointerup', () => send(RUN, 0, 0));

connect();
