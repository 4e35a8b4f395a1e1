import { readFileSync } from 'node:fs';
import { FrameReader } from '#src/wire/frame-reader.js';
import { fixture } from './fixtures.js';

/** What happened on one connection: `>` goes to the gateway or Register. */
interface Traffic {
  readonly conn: string;
  readonly dir: '>' | '<';
  readonly hex: string;
}

/** A call of a GatewayClient, or something that a client did, and the bytes that it caused. */
export interface TranscriptStep {
  /** `GatewayClient sendToAll`, or a sentence. */
  readonly step: string;
  /** `#0` is client 0's id; `hex:…` stands for bytes. */
  readonly args?: readonly unknown[];
  /** The messages that each client got. */
  readonly clients_received?: readonly (readonly string[])[];
  readonly traffic: readonly Traffic[];
}

/** A recording of a real PHP GatewayWorker 4.0: steps, each with its bytes in both directions. */
export interface Transcript {
  readonly secretKey: string;
  readonly client_ids: readonly string[];
  readonly steps: readonly TranscriptStep[];
}

/** All the bytes that one connection of a transcript carried. */
export interface RecordedLink {
  /** Such as `gateway#2`: the role of the side that was connected to, and a number. */
  name: string;
  /** What went to the gateway or Register. */
  sent: Buffer;
  /** What came back. */
  received: Buffer;
}

export const TRANSCRIPTS = [
  'gatewayworker-transcript.json',
  'gatewayworker-transcript-numeric.json',
] as const;

export function readTranscript(file: string): Transcript {
  const transcript: Transcript = JSON.parse(readFileSync(fixture(file), 'utf8'));
  return transcript;
}

/** The connections of both transcripts, in the order in which they were opened. */
export function recordedLinks(): RecordedLink[] {
  return TRANSCRIPTS.flatMap((file) => linksOf(readTranscript(file).steps));
}

/** The connections of some steps, in the order in which they were opened. */
export function linksOf(steps: readonly TranscriptStep[]): RecordedLink[] {
  const links = new Map<string, RecordedLink>();
  for (const { traffic } of steps) {
    for (const { conn, dir, hex } of traffic) {
      const link = links.get(conn) ?? { name: conn, sent: Buffer.alloc(0), received: Buffer.alloc(0) };
      links.set(conn, link);
      const side = dir === '>' ? 'sent' : 'received';
      link[side] = Buffer.concat([link[side], Buffer.from(hex, 'hex')]);
    }
  }
  return [...links.values()];
}

/** The frames that fill `bytes`. */
export function framesIn(bytes: Buffer): Buffer[] {
  const frames: Buffer[] = [];
  new FrameReader(bytes.length + 1).push(bytes, (frame) => void frames.push(frame));
  return frames;
}
