import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { AdminClient } from '../support/admin-client.js';
import { NodeProcess } from '../support/node.js';
import { Scrape } from '../support/scrape.js';
import { WsClient } from '../support/ws-client.js';

const OPENMETRICS = 'application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5';

describe('GET /metrics', () => {
  let node: NodeProcess;
  let admin: AdminClient;
  let client: WsClient;
  before(async () => {
    node = await NodeProcess.start({
      events: 'metrics',
      admin: { listen: '127.0.0.1:0' },
      worker: { count: 2 },
    });
    admin = new AdminClient(await node.admin());
    client = await WsClient.connect(node.url('ws'));
  });
  after(async () => {
    await client.close();
    await node.stop();
  });

  const scrape = async (): Promise<Scrape> => new Scrape((await admin.get('/metrics')).body);
  const ask = async (message: string): Promise<void> => {
    client.send(message);
    assert.equal(String(await client.next()), message);
  };

  it('is not for everybody', async () => {
    assert.equal((await admin.bare('/metrics')).status, 401);
  });

  it('counts what goes in and out', async () => {
    const first = await scrape();
    await ask('ab');
    await ask('abcde');
    const url = node.url('ws');
    const grown = (await scrape()).since(first);
    assert.equal(grown('gatewayworker_messages_received_total'), 2);
    assert.equal(grown('gatewayworker_messages_sent_total'), 2);
    // a header of 2 bytes, with 4 more of a client's
    assert.equal(grown('gatewayworker_bytes_received_total', { listener: url }), 2 + 5 + 2 * 6);
    assert.equal(grown('gatewayworker_bytes_sent_total', { listener: url }), 2 + 5 + 2 * 2);
    assert.equal((await scrape()).value('gatewayworker_clients', { listener: url }), 1);
  });

  it('has how long handlers took, and what they counted, also of threads that are gone', async () => {
    const first = await scrape();
    await ask('slow');
    const grown = (await scrape()).since(first);
    assert.equal(grown('gatewayworker_event_duration_seconds_count'), 1);
    assert.equal(grown('gatewayworker_event_duration_seconds_bucket', { le: '0.025' }), 0);
    assert.equal(grown('gatewayworker_event_duration_seconds_bucket', { le: '10' }), 1);
    assert.ok(grown('gatewayworker_event_duration_seconds_sum') >= 0.025);
    assert.equal(grown('test_lengths_bucket', { le: '4' }), 1);

    await admin.result('/api/reload');
    client.send('die');
    await node.logged('died');
    await ask('after');
    const later = await scrape();
    const all = later.since(first);
    assert.equal(all('gatewayworker_event_duration_seconds_count'), 2);
    assert.equal(all('test_asked_total'), 3);
    assert.equal(all('test_asked_total', { what: 'die' }), 1);
    assert.equal(all('test_lengths_sum'), 4 + 3 + 5);
    assert.equal(all('gatewayworker_lost_total', { cause: 'worker died' }), 1);
    assert.equal(all('gatewayworker_worker_restarts_total'), 1);
    assert.equal(all('gatewayworker_reloads_total'), 1);
    // one in each worker
    assert.equal(later.value('test_lives'), 2);
  });

  it('is what promtool has nothing against, whatever names clients and workers think of', async () => {
    await ask('a"\\\n{}ü');
    const { body, headers } = await admin.get('/metrics');
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
    const { stdout, stderr, status } = spawnSync('promtool', ['check', 'metrics'], {
      input: body,
      encoding: 'utf8',
    });
    assert.deepEqual([stdout, stderr, status], ['', '', 0]);
    assert.equal(new Scrape(body).value('test_asked_total', { what: 'a\\"\\\\\\n{}ü' }), 1);
  });

  it('is OpenMetrics for those who want that', async () => {
    const { body, headers } = await admin.get('/metrics', { headers: { accept: OPENMETRICS } });
    assert.equal(headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8');
    assert.match(body, /^# TYPE test_asked counter\ntest_asked_total\{what="ab"\} 1$/m);
    assert.match(body, /\n# EOF\n$/);
    const less = OPENMETRICS.replace('0.75', '0.1');
    const plain = await admin.get('/metrics', { headers: { accept: less } });
    assert.match(String(plain.headers['content-type']), /^text\/plain/);
  });
});
