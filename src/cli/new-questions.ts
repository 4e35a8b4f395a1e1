import { createInterface } from 'node:readline';
import { suggestion } from '../config/suggestion.js';
import { GatewayError } from '../base/errors.js';
import { type Language, TEMPLATE_NAMES, type TemplateName, TEMPLATES } from '../project/templates.js';
import { say } from './this-program.js';

/** Questions on a terminal, answered by a number or a word. */
export class Questions {
  readonly #terminal = createInterface({ input: process.stdin, output: process.stdout });
  readonly #lines = this.#terminal[Symbol.asyncIterator]();

  /**
   * @param choices the first is what an empty answer means
   * @param short other words for them
   * @throws GW_PROJECT at Ctrl-C and Ctrl-D
   */
  async ask<Choice extends string>(
    question: string,
    choices: ReadonlyMap<Choice, string>,
    short: ReadonlyMap<string, Choice> = new Map(),
  ): Promise<Choice> {
    const names = [...choices.keys()];
    const width = Math.max(...names.map((name) => name.length)) + 2;
    say('', question, ...names.map((name, at) => `  ${at + 1}  ${name.padEnd(width)}${choices.get(name)}`));
    this.#terminal.setPrompt(`[${names[0]}] `);
    for (;;) {
      this.#terminal.prompt();
      const { value, done } = await this.#lines.next();
      if (done === true)
        throw new GatewayError('GW_PROJECT', 'Nothing was made: the question was not answered.');
      const answer = value.trim().toLowerCase();
      const found =
        answer === ''
          ? names[0]
          : (names[Number(answer) - 1] ?? short.get(answer) ?? names.find((name) => name === answer));
      if (found !== undefined) return found;
      const meant = suggestion(answer, names);
      say(meant === undefined ? `Type 1 to ${names.length}, or a name.` : `Did you mean ${meant}?`);
    }
  }

  close(): void {
    this.#terminal.close();
  }
}

export async function askTemplate(questions: Questions): Promise<TemplateName> {
  return await questions.ask(
    'What is it to be?',
    new Map(TEMPLATE_NAMES.map((name) => [name, TEMPLATES[name].about])),
  );
}

export async function askLanguage(questions: Questions): Promise<Language> {
  return await questions.ask(
    'In which language?',
    new Map<Language, string>([
      ['typescript', 'without a build step; npm run check looks at the types'],
      ['javascript', 'the same, without types'],
    ]),
    new Map<string, Language>([
      ['ts', 'typescript'],
      ['js', 'javascript'],
    ]),
  );
}
