/** What a new project may begin as, each a folder of docs/examples. */
export interface Template {
  /** What it is, after "a". */
  readonly title: string;
  readonly about: string;
  /** Programs of its own that `npm run` starts, by what they are called there: their files, in TypeScript. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Packages that its code imports, beside this one. */
  readonly packages?: readonly string[];
  /** Whether it needs SQLite, which older versions of node have not. */
  readonly sqlite?: boolean;
  /** Ports that it has beside the page's. */
  readonly ports?: readonly number[];
  /** What to do once it runs. */
  readonly next: string;
}

export const TEMPLATES: Readonly<Record<'chat' | 'game' | 'iot' | 'push', Template>> = {
  chat: {
    title: 'chat',
    about: 'rooms and names, and a database that remembers what was said',
    packages: ['typebox'],
    sqlite: true,
    next: 'open http://localhost:8282 in two tabs',
  },
  game: {
    title: 'game',
    about: 'rooms with 20 ticks a second, in binary messages, which go on over a reload',
    next: 'open http://localhost:8282 in two tabs',
  },
  iot: {
    title: 'server for devices',
    about: 'devices with a protocol of their own, over TCP, and a page that shows and switches them',
    programs: { device: 'scripts/simulator.ts' },
    ports: [8285],
    next: 'npm run device in another terminal, and open http://localhost:8282',
  },
  push: {
    title: 'push service',
    about: 'a script of yours reaches people and groups; browsers log in with a token',
    programs: { login: 'scripts/login.ts', push: 'scripts/push.ts' },
    next: 'npm run login -- ann, open what it prints, and npm run push -- ann "Hello"',
  },
};

export type TemplateName = keyof typeof TEMPLATES;

export const TEMPLATE_NAMES = Object.keys(TEMPLATES) as TemplateName[];

export type Language = 'typescript' | 'javascript';
