import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, watch } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { samplesIn } from '../support/documents.js';
import { fixture } from '../support/fixtures.js';
import { PackageProject } from '../support/package-project.js';
import { WsClient } from '../support/ws-client.js';

/** Where the documents put the project, and the socket. */
const FOLDER = '/srv/chat';
const SOCKET = '/run/chat/web.sock';

/** The sample of a document that has this in it. */
function sample(document: string, language: string, part: string): string {
  const found = samplesIn(language).filter((one) => one.document === document && one.code.includes(part));
  assert.equal(found.length, 1, `${document} has ${found.length} samples in ${language} with ${part}`);
  return found[0].code;
}

describe('what docs/tls.md and docs/protocols.md say of TLS and unix sockets, done in a project', () => {
  const project = new PackageProject();
  const { folder } = project;
  const socket = join(folder, 'web.sock');
  const children: ChildProcess[] = [];
  let url = '';

  before(async () => {
    project.linkPackage();
    mkdirSync(join(folder, 'tls'));
    copyFileSync(fixture('tls/chat.pem'), join(folder, 'tls/fullchain.pem'));
    copyFileSync(fixture('tls/chat.key'), join(folder, 'tls/privkey.pem'));
    project.run('sh', [
      '-ec',
      sample('docs/tls.md', 'sh', 'CN=devices') + sample('docs/tls.md', 'sh', 'CN=device-7'),
    ]);
    project.write('events/index.ts', sample('docs/tls.md', 'ts', 'certificate'));
    const config = JSON.parse(sample('docs/tls.md', 'jsonc', 'requestCert')) as {
      gateway: { listen: object[] };
    };
    config.gateway.listen.push({ url: 'ws+unix:web.sock' });
    project.write(
      'gatewayworker.config.json',
      JSON.stringify({ ...config, worker: { count: 1 }, register: false }).replace(
        '0.0.0.0:8443',
        '127.0.0.1:0',
      ),
    );
    const node = start(join(folder, 'node_modules/.bin/gatewayworker'), ['start']);
    for await (const line of createInterface({ input: node.stdout as NodeJS.ReadableStream })) {
      const { msg, listeners } = JSON.parse(line) as { msg: string; listeners: string[] };
      if (!msg.includes('is up')) continue;
      // the name in the certificate
      url = listeners[0].replace('127.0.0.1', 'localhost');
      break;
    }
    assert.notEqual(url, '', 'the node is up');
  });
  after(async () => {
    for (const child of children) {
      if (child.exitCode === null && child.kill()) await once(child, 'close');
    }
    project.remove();
  });

  function start(program: string, words: readonly string[]): ChildProcess {
    const child = spawn(program, words, { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return child;
  }

  /** A websocket of the device, and the name of the certificate that it is shown. */
  async function device(): Promise<{ client: WsClient; shown: string }> {
    let shown = '';
    const client = await WsClient.connect(url, {
      cert: readFileSync(join(folder, 'device-7.pem')),
      key: readFileSync(join(folder, 'device-7.key')),
      ca: readFileSync(fixture('tls/ca.pem')),
      finishRequest(request) {
        request.once('socket', (raw: TLSSocket) => {
          raw.once('secureConnect', () => (shown = String(raw.getPeerCertificate().subject.CN)));
        });
        request.end();
      },
    });
    return { client, shown };
  }

  it('a device shows its certificate, and the events file knows it', async () => {
    const { client, shown } = await device();
    assert.equal(shown, 'chat');
    assert.equal(await client.next(), 'hello device-7');
    client.send('here');
    assert.equal(await client.next(), 'device:device-7: here');
    client.socket.terminate();
    await assert.rejects(WsClient.connect(url, { rejectUnauthorized: false }));
  });

  it("certbot's hook puts new certificates to use", async () => {
    const { client: earlier } = await device();
    mkdirSync(join(folder, 'live'));
    copyFileSync(fixture('tls/chat-renewed.pem'), join(folder, 'live/fullchain.pem'));
    copyFileSync(fixture('tls/chat-renewed.key'), join(folder, 'live/privkey.pem'));
    const hook = sample('docs/tls.md', 'bash', 'RENEWED_LINEAGE');
    // the user who runs this, since there is none called chat
    const ours = hook.replace('-o chat -g chat ', '').replace('runuser -u chat -- ', '');
    assert.ok(ours.length < hook.length - 30);
    project.write('hook', ours.replaceAll(FOLDER, folder));
    project.run('env', [`RENEWED_LINEAGE=${folder}/live`, 'sh', 'hook']);
    const { client, shown } = await device();
    assert.equal(shown, 'chat-renewed');
    for (const one of [earlier, client]) one.socket.terminate();
  });

  it('curl asks a unix socket for its health', () => {
    const command = sample('docs/protocols.md', 'sh', 'curl --unix-socket');
    const answer = project.run('sh', ['-c', command.replace('curl', 'curl -s').replace(SOCKET, socket)]);
    assert.equal(answer, '{"status":"ok"}');
  });

  it('nginx passes websockets on to a unix socket', async () => {
    const location = sample('docs/protocols.md', 'nginx', 'proxy_pass http://unix:').replace(SOCKET, socket);
    const front = join(folder, 'front.sock');
    project.write(
      'nginx.conf',
      // its workers would be another user's, who may not look into this folder
      `${process.getuid?.() === 0 ? 'user root;' : ''} daemon off; pid nginx.pid; error_log stderr crit; events {}
      http { access_log off; client_body_temp_path a; proxy_temp_path b; fastcgi_temp_path c; uwsgi_temp_path d;
        scgi_temp_path e; server { listen unix:${front}; ${location} } }`,
    );
    const appears = new Promise<void>((resolve) => {
      const watcher = watch(folder, () => {
        if (!existsSync(join(folder, 'nginx.pid'))) return;
        watcher.close();
        resolve();
      });
    });
    process.env.PATH += ':/usr/sbin';
    start('nginx', ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr']);
    await appears;
    const client = await WsClient.connect(`ws+unix:${front}:/`);
    assert.equal(await client.next(), 'hello undefined');
    client.socket.terminate();
  });
});
