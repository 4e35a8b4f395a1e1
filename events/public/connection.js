/**
 * A websocket that comes back by itself: after about 1, 2, 4, 8, then every 15 seconds, and at once when the
 * browser says that the network is there again or somebody looks at the page.
 */
export class Connection {
  #url;
  #handlers;
  #socket;
  #timer;
  #attempts = 0;

  /** @param handlers {onOpen(), onMessage(event), onWaiting(seconds)} */
  constructor(url, handlers) {
    this.#url = url;
    this.#handlers = handlers;
    this.#open();
    addEventListener('online', () => this.retry());
    document.addEventListener('visibilitychange', () => !document.hidden && this.retry());
  }

  send(request) {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(request));
  }

  /** Tries now, if it is waiting for the next attempt. */
  retry() {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#open();
  }

  /** Gives a connection up that is open in name only, as after a phone's sleep, and makes another. */
  replace() {
    this.#socket.close();
    this.#lost();
  }

  #open() {
    this.#timer = undefined;
    const socket = new WebSocket(this.#url);
    const current = () => socket === this.#socket;
    socket.onopen = () => {
      if (!current()) return;
      this.#attempts = 0;
      this.#handlers.onOpen();
    };
    socket.onmessage = ({ data }) => {
      // The server greets everybody with a line of plain text; what is meant for a browser is JSON.
      if (current() && data.startsWith('{')) this.#handlers.onMessage(JSON.parse(data));
    };
    socket.onclose = () => current() && this.#lost();
    this.#socket = socket;
  }

  #lost() {
    if (this.#timer !== undefined) return;
    // Up to half as long again, so that a server that restarts does not get everybody back at the same moment.
    const seconds = Math.min(15, 2 ** this.#attempts++) * (1 + Math.random() / 2);
    this.#timer = setTimeout(() => this.#open(), seconds * 1000);
    this.#handlers.onWaiting(seconds);
  }
}
