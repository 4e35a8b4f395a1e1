import { readFileSync } from 'node:fs';
import { fixture } from './fixtures.js';

/** A recording of a real PHP GatewayWorker 4.0: steps, each with its bytes in both directions. */
interface Transcript {
  steps: { step: string; traffic: { conn: string; dir: '>' | '<'; hex: string }[] }[];
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

/** The connections of both transcripts, in the order in which they were opened. */
export function recordedLinks(): RecordedLink[] {
  return ['gatewayworker-transcript.json', 'gatewayworker-transcript-numeric.json'].flatMap(readLinks);
}

function readLinks(file: string): RecordedLink[] {
  const links = new Map<string, RecordedLink>();
  const transcript: Transcript = JSON.parse(readFileSync(fixture(file), 'utf8'));
  for (const { traffic } of transcript.steps) {
    for (const { conn, dir, hex } of traffic) {
      const link = links.get(conn) ?? { name: conn, sent: Buffer.alloc(0), received: Buffer.alloc(0) };
      links.set(conn, link);
      const side = dir === '>' ? 'sent' : 'received';
      link[side] = Buffer.concat([link[side], Buffer.from(hex, 'hex')]);
    }
  }
  return [...links.values()];
}
