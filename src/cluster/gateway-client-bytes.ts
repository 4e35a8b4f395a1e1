import { Command, Flag } from '../wire/command.js';
import { type Frame, emptyFrame, encodeFrame } from '../wire/frame.js';
import { encodeIntroduction } from '../wire/worker-connect.js';

/** Where these fields lie in a frame: see wire/frame.ts. Client_ip ends where client_port begins. */
const LOCAL_IP = 5;
const CLIENT_PORT = 15;
const FLAGS = 21;

/** The frame as PHP's GatewayClient writes it: without addresses or request id, and nothing asks for a REPLY frame. */
export function commandBytes(frame: Frame): Buffer {
  const bytes = encodeFrame(frame);
  bytes.fill(0, LOCAL_IP, CLIENT_PORT);
  bytes[FLAGS] &= ~(Flag.REQUEST | Flag.OWN);
  return bytes;
}

/** What opens a connection to a gateway that has a secret key. */
export function clientIntroduction(secretKey: string): Buffer {
  const body = encodeIntroduction({ workerKey: '', secretKey, features: [], instance: '' });
  return encodeFrame({
    ...emptyFrame(),
    command: Command.GATEWAY_CLIENT_CONNECT,
    flags: Flag.PLAIN_BODY,
    body,
  });
}
