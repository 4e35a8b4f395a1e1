import type { Locator, Page } from 'playwright-core';

/** The page of the chat demo, as those who test it see it. */
export const messages = (page: Page, text: string): Locator =>
  page.locator('#log .message', { hasText: text });
export const notice = (page: Page, text: string): Locator => page.locator('#log .notice', { hasText: text });
export const room = (page: Page, name: string): Locator => page.locator('#rooms button', { hasText: name });
export const person = (page: Page, name: string): Locator =>
  page.locator('#people button', { hasText: name });
/** That the connection is in this state. */
export const state = (page: Page, name: string): Locator => page.locator(`#state[data-state="${name}"]`);

/** Somebody opens the page, gives a name, and is in the lobby. @param url of the websocket, which the page's own is made from */
export async function enterChat(page: Page, url: string, name: string): Promise<void> {
  await page.goto(url.replace('ws:', 'http:'));
  await page.getByLabel('Your name').fill(name);
  await page.getByRole('button', { name: 'Enter' }).click();
  await notice(page, 'You are in lobby').waitFor();
}

export async function say(page: Page, text: string): Promise<void> {
  await page.fill('#message', text);
  await page.press('#message', 'Enter');
}
