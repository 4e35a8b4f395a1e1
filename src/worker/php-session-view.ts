import type { ClientChange } from '../api/transport.js';
import type { ClientState } from '../wire/client-state.js';
import { Command } from '../wire/command.js';
import { mergePhpSession, patchPhpSession, toPhpSession } from '../wire/php-session.js';
import { encodeSession } from '../wire/session.js';
import { type SessionChange, SessionView } from './session-view.js';

const NOTHING = Buffer.alloc(0);
const EMPTY_ARRAY = Buffer.from('a:0:{}');

/**
 * A worker's view of a client at a PHP gateway, which takes whole sessions and counts nothing. An event brings the session as
 * it was when the gateway sent it; those that this worker has sent are known again by their bytes, so that an event from
 * before one of them does not undo it. A session that is neither is somebody else's, and is taken. The uid is the one that
 * this worker has bound.
 */
export class PhpSessionView extends SessionView {
  /** The session in PHP's format, as it will be once what was sent has arrived. */
  #php: Buffer = NOTHING;
  /** What the last event brought. */
  #seen: Buffer = NOTHING;
  /** Sessions that were sent and that no event has brought yet, oldest first. */
  #sent: Buffer[] = [];
  /** Changes that the view below has been told of: all count as applied. */
  #changes = 0;

  override receive({ session }: ClientState): void {
    if (!session.equals(this.#seen)) {
      // none of them: -1, and all that were sent before somebody else's are overwritten
      const arrived = this.#sent.findIndex((sent) => sent.equals(session));
      this.#sent = arrived < 0 ? [] : this.#sent.slice(arrived + 1);
      this.#seen = Buffer.from(session);
      if (this.#sent.length === 0) this.#php = this.#seen;
    }
    super.receive({ epoch: 0, applied: this.#changes, address: '', uid: this.uid, session: this.#php });
  }

  override change(change: ClientChange): number {
    // what PHP's format cannot hold is refused before anything counts on it
    const changes = change.kind === 'uid' ? NOTHING : toPhpSession(encodeSession(change.session, true));
    super.change(change);
    this.#changes++;
    if (change.kind === 'set') this.#send(changes);
    else if (changes.length > 0) this.#send(mergePhpSession(this.#whole, changes));
    return 0;
  }

  override takeChange(): SessionChange | undefined {
    const session = this.takeSession();
    if (session === undefined) return undefined;
    return { command: Command.SET_SESSION, ext: session, epoch: 0, flags: 0 };
  }

  /**
   * The whole session in PHP's format, when the handler has changed something in it since this was last asked. To be sent,
   * since the view counts on it. What nobody touched keeps PHP's own bytes.
   *
   * @throws GW_SESSION as {@link takePatch}
   */
  takeSession(): Buffer | undefined {
    const change = this.takePatch();
    if (change === undefined) return undefined;
    this.#changes++;
    return this.#send(patchPhpSession(this.#whole, change.patch));
  }

  protected override get php(): boolean {
    return true;
  }

  get #whole(): Buffer {
    return this.#php.length === 0 ? EMPTY_ARRAY : this.#php;
  }

  #send(session: Buffer): Buffer {
    this.#sent.push(session);
    this.#php = session;
    return session;
  }
}
