/** A client of another language, Python's, against a node. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { NodeProcess } from '../support/node.js';

const run = promisify(execFile);

describe('the client of Socket.IO for Python', { timeout: 60_000 }, () => {
  let node: NodeProcess;
  before(async () => {
    const gateway = { listen: [{ url: 'ws://127.0.0.1:0', socketIo: true }] };
    node = await NodeProcess.start({ events: 'socket-io', gateway });
  });
  after(async () => await node.stop());

  for (const transports of ['polling', 'websocket', 'polling websocket']) {
    it(`comes in by ${transports.replace(' ', ' and ')}, sends, is sent to and answered`, async () => {
      const url = node.url('ws').replace(/^ws/, 'http');
      const { stdout } = await run('/usr/bin/python3', ['-c', PYTHON, url, ...transports.split(' ')], {
        timeout: 20_000,
      });
      const lines = stdout.trimEnd().split('\n');
      assert.deepEqual(
        lines.map((line) => JSON.parse(line) as unknown),
        [
          // with a websocket it has gone over to it before it says that it is connected
          { transport: transports.split(' ').at(-1) },
          { who: { uid: 'ann', namespace: '/', auth: { uid: 'ann' } }, same: true },
          { said: { text: 'häöß€😀', from: 'ann' } },
          { sum: 3 },
          { several: [1, [2], { three: 3 }] },
          { refused: { error: { code: 'taken', message: 'Somebody else has this name' } } },
          { name: 'a', bytes: [1, 2, 0, 255], sent: [255, 0, 2, 1] },
          { asked: 'yes' },
          { refusal: 'Wrong token' },
          { gone: true },
        ],
      );
    });
  }
});

/** Says in lines of JSON what came. */
const PYTHON = String.raw`
import json, queue, sys, socketio

url, *transports = sys.argv[1:]
WAIT = 15
said, sent, gone = queue.Queue(), queue.Queue(), queue.Queue()

def show(**values):
    print(json.dumps(values), flush=True)

client = socketio.Client(reconnection=False)
client.on("said", said.put)
client.on("file", sent.put)
client.on("question", lambda question: "yes")
client.on("disconnect", lambda *reason: gone.put(True))
client.connect(url, auth={"uid": "ann"}, transports=transports, wait_timeout=WAIT)
show(transport=client.transport())

who = client.call("who", timeout=WAIT)
show(same=who.pop("id") == client.get_sid(), who=who)

client.emit("say", {"text": "häöß€😀"})
show(said=said.get(timeout=WAIT))

answers = queue.Queue()
client.emit("add", {"a": 1, "b": 2}, callback=answers.put)
show(sum=answers.get(timeout=WAIT))
show(several=client.call("several", (1, [2], {"three": 3}), timeout=WAIT))
show(refused=client.call("refuse", timeout=WAIT))

file = client.call("file", {"name": "a", "bytes": bytes([1, 2, 0, 255])}, timeout=WAIT)
show(name=file["name"], bytes=list(file["bytes"]), sent=list(sent.get(timeout=WAIT)["bytes"]))

show(asked=client.call("ask", timeout=WAIT))

other = socketio.Client(reconnection=False)
refusals = queue.Queue()
other.on("connect_error", refusals.put)
# waiting for it to be let in, it would wait for as long as it may
other.connect(url, auth={"token": "wrong"}, transports=transports, wait=False)
show(refusal=refusals.get(timeout=WAIT)["message"])
other.disconnect()

client.emit("leave")
show(gone=gone.get(timeout=WAIT))
`;
