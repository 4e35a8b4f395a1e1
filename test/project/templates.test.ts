import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { TEMPLATE_NAMES, type TemplateName } from '#src/project/templates.js';
import type { NodeStatus } from '#src/ops/requests/status.js';
import { launchBrowser } from '../support/browser.js';
import type { Foreground } from '../cli/foreground-node.js';
import { WsClient } from '../support/ws-client.js';
import { INSTALLED, MadeProject } from './made-project.js';

/** Milliseconds. It only bounds a failure. */
const LIMIT = INSTALLED ? 600_000 : 60_000;
const PAGE = { url: 'ws://127.0.0.1:0', static: 'events/public' };

async function served({ node }: Scene): Promise<void> {
  const page = await fetch(node.listeners[0].replace('ws:', 'http:'));
  assert.match(await page.text(), /<title>my-app<\/title>/);
}

/** What of a template's clients and programs is tried, with the real ones. */
interface Trial {
  readonly listen?: readonly object[];
  readonly run: (scene: Scene) => Promise<void>;
}

interface Scene {
  readonly project: MadeProject;
  readonly node: Foreground;
  /** A tab at the node's page. @param query with its question mark */
  readonly open: (query?: string) => Promise<Page>;
}

const TRIALS: Readonly<Record<TemplateName, Trial>> = {
  chat: {
    async run({ open }) {
      const enter = async (name: string): Promise<Page> => {
        const page = await open();
        await page.getByText('Connected.').waitFor();
        await page.getByLabel('Your name').fill(name);
        await page.getByRole('button', { name: 'Enter' }).click();
        await page.getByText('In lobby').waitFor();
        return page;
      };
      const ann = await enter('Ann');
      const ben = await enter('Ben');
      await ann.getByText('In lobby: Ann, Ben').waitFor();
      await ann.getByLabel('Message').fill('<b>Hello</b>');
      await ann.getByRole('button', { name: 'Send' }).click();
      await ben.locator('.message', { hasText: 'Ann <b>Hello</b>' }).waitFor();
      await ben.close();
      await ann.getByText('Ben left').waitFor();
      const cleo = await enter('Cleo');
      await cleo.locator('.message', { hasText: 'Hello' }).waitFor();
    },
  },
  game: {
    async run({ project, node, open }) {
      const page = await open('?room=red');
      await page.getByText(/^you: \d+$/).waitFor();
      const other = await WsClient.connect(`${node.listeners[0]}/?room=red`);
      other.socket.send(Buffer.from([0x01]));
      assert.deepEqual(await other.next(), Buffer.from([0x11, 2]));
      await page.getByText(/you: \d+, player 2: \d+/).waitFor();

      let last = { tick: -1, x: -1 };
      // whoever is at the wall has run there
      const runs = async (key: string, by: number, wall: number): Promise<void> => {
        await page.keyboard.down(key);
        for (let moved = false; !moved; ) {
          const now = (await other.next()) as Buffer;
          const { tick, x } = last;
          last = { tick: now.readUInt32BE(1), x: now.readUInt16BE(10) };
          if (tick !== -1) assert.equal(last.tick, tick + 1);
          assert.equal(now[9], 1, 'the first player is the page');
          moved = last.x - x === by || last.x === wall;
        }
        await page.keyboard.up(key);
      };
      await runs('ArrowRight', 8, 800);
      const reload = await project.run('gatewayworker', 'reload');
      assert.deepEqual([reload.status, reload.error], [0, '']);
      await runs('ArrowLeft', -8, 0);
      other.socket.close();
      await page.getByText(/^you: \d+$/).waitFor();
      const drawn = await page.evaluate(() => {
        const canvas = document.querySelector('canvas');
        return canvas
          ?.getContext('2d')
          ?.getImageData(0, 0, canvas.width, canvas.height)
          .data.some((byte) => byte > 0);
      });
      assert.equal(drawn, true);
    },
  },
  iot: {
    listen: [PAGE, { url: 'tcp://127.0.0.1:0', protocol: 'DEVICE' }],
    async run({ project, node, open }) {
      const page = await open();
      await page.getByText('Connected.').waitFor();
      const device = project.spawnScript('device', 'kitchen', new URL(node.listeners[1]).host);
      const row = page.getByRole('row', { name: 'kitchen' });
      await row.getByText('°C').waitFor();
      const lamp = page.getByRole('button', { name: 'Lamp of kitchen', pressed: false });
      await lamp.click();
      await page.getByRole('button', { name: 'Lamp of kitchen', pressed: true }).waitFor();
      device.kill();
      await once(device, 'close');
      await row.waitFor({ state: 'detached' });
    },
  },
  push: {
    async run({ project, open }) {
      const { out } = await project.script('login', ['ann']);
      const page = await open(new URL(out.trim()).search);
      await page.getByText('Logged in as ann.').waitFor();
      const status = JSON.parse((await project.run('gatewayworker', 'status', '--json')).out) as NodeStatus;
      const address = status.cluster.register?.address ?? '';
      for (const to of ['ann', '--topic=news']) {
        const sent = await project.script('push', [to, `to ${to}`], { REGISTER_ADDRESS: address });
        assert.deepEqual(sent, { status: 0, out: 'Sent. Online: 1\n', error: '' });
        await page.getByText(`to ${to}`).waitFor();
      }
      const stranger = await open('?token=ann.x');
      await stranger.getByText('no valid token').waitFor();
      const wrong = await project.script('push', ['Hello']);
      assert.equal(wrong.status, 2);
      assert.match(wrong.error, /^Expected ann "Hello"/);
    },
  },
};

describe('a project that gatewayworker new makes', () => {
  let browser: Browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(async () => {
    await browser.close();
  });

  for (const template of TEMPLATE_NAMES) {
    it(`${template}: passes its tests, and does what it is for`, { timeout: LIMIT }, async (t) => {
      const project = await MadeProject.make(template, 'typescript');
      t.after(async () => await project.remove());
      const [tests] = await Promise.all([
        project.script('test'),
        tryOut(project, TRIALS[template], 'device.ts'),
      ]);
      assert.deepEqual([tests.status, tests.error], [0, ''], tests.out);
      assert.match(tests.out, /^(?:#|ℹ) pass [1-9]/m);
    });

    // its code, tests and page are the same but for the types, as variants.test.ts sees
    it(`${template}, in JavaScript: starts`, { timeout: LIMIT }, async (t) => {
      const project = await MadeProject.make(template, 'javascript');
      t.after(async () => await project.remove());
      const trial = INSTALLED ? TRIALS[template] : { ...TRIALS[template], run: served };
      await tryOut(project, trial, 'device.js');
      if (!INSTALLED) return;
      const { status, out } = await project.script('test');
      assert.equal(status, 0, out);
    });
  }

  async function tryOut(
    project: MadeProject,
    { listen = [PAGE], run }: Trial,
    device: string,
  ): Promise<void> {
    const node = await project.start(
      JSON.parse(JSON.stringify(listen).replace('DEVICE', device)) as object[],
    );
    const context = await browser.newContext();
    const errors: string[] = [];
    context.on('weberror', (error) => errors.push(String(error.error())));
    context.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    const open = async (query = ''): Promise<Page> => {
      const page = await context.newPage();
      await page.goto(`${node.listeners[0].replace('ws:', 'http:')}/${query}`);
      return page;
    };
    await run({ project, node, open });
    await context.close();
    node.process.kill('SIGTERM');
    assert.equal(await node.ended(), 0);
    assert.deepEqual([...errors, ...node.warnings], []);
  }
});
