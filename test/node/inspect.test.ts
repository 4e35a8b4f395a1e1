import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { SourceMap, type SourceMapping } from 'node:module';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fixture } from '../support/fixtures.js';
import { InspectorSession } from '../support/inspector.js';
import { NodeProcess } from '../support/node.js';
import { WsClient } from '../support/ws-client.js';

it('with --inspect a debugger stops in a worker thread, at a line of the user’s .ts file', {
  timeout: 60_000,
}, async (t) => {
  const node = await NodeProcess.start({ events: 'echo', nodeOptions: ['--inspect=127.0.0.1:0'] });
  let disconnect: (() => void) | undefined;
  t.after(async () => {
    // node waits for its debugger to go
    disconnect?.();
    await node.stop();
  });
  const url = /ws:\/\/\S+/.exec(node.errors)?.[0];
  assert.ok(url, node.errors);
  const { session, close } = await InspectorSession.connect(url);
  disconnect = close;
  const attached = session.nextThread();
  await session.request('NodeWorker.enable', { waitForDebuggerOnStart: false });
  const thread = await attached;
  const parsed = thread.event('Debugger.scriptParsed', ({ url: script }) =>
    /\/events-\w+\.mjs$/.test(String(script)),
  );
  await thread.request('Debugger.enable');
  const { url: script, sourceMapURL } = await parsed;

  // what a debugger does with a line that the user clicked on: it looks for it in the script's source map
  const source = fixture('events/echo/index.ts');
  const line = (await readFile(source, 'utf8'))
    .split('\n')
    .findIndex((text) => text.includes('client.send('));
  const map = new URL(String(sourceMapURL), String(script));
  const place = await generated(map, source, line);
  const { breakpointId } = await thread.request('Debugger.setBreakpointByUrl', { url: script, ...place });

  const client = await WsClient.connect(node.url('ws'));
  client.send('hello');
  const { hitBreakpoints, callFrames } = await thread.event('Debugger.paused');
  assert.deepEqual(hitBreakpoints, [breakpointId]);
  const [frame] = callFrames as { functionName: string; callFrameId: string }[];
  assert.equal(frame.functionName, 'onMessage');
  const { callFrameId } = frame;
  const { result } = await thread.request('Debugger.evaluateOnCallFrame', {
    callFrameId,
    expression: 'message',
  });
  assert.equal((result as { value: unknown }).value, 'hello');
  await thread.request('Debugger.resume');
  assert.equal(await client.next(), 'hello');
  await thread.request('Debugger.disable');
});

/** Where a line of a source lies in the script that `map` is of; both from 0. */
async function generated(
  map: URL,
  source: string,
  line: number,
): Promise<{ lineNumber: number; columnNumber: number }> {
  const payload = JSON.parse(await readFile(map, 'utf8')) as ConstructorParameters<typeof SourceMap>[0];
  const sourceMap = new SourceMap(payload);
  const lines = payload.mappings.split(';').length;
  for (let lineNumber = 0; lineNumber < lines; lineNumber++) {
    for (let column = 0; column < 200; column++) {
      const entry = sourceMap.findEntry(lineNumber, column) as Partial<SourceMapping>;
      if (entry.generatedLine !== lineNumber || entry.originalLine !== line) continue;
      if (fileURLToPath(new URL(String(entry.originalSource), map)) !== source) continue;
      return { lineNumber, columnNumber: entry.generatedColumn as number };
    }
  }
  throw new Error(
    `line ${line} of ${source} is not in the map, whose sources are ${String(payload.sources)}`,
  );
}
