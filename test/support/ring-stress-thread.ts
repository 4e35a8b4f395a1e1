import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { Doorbell } from '#src/ring/doorbell.js';
import { RingReader } from '#src/ring/reader.js';
import { RingWriter } from '#src/ring/writer.js';
import { writeRecord } from './ring-frames.js';
import { StressEnd, type StressMemory, type StressPlan } from './ring-stress.js';

/*
 * The other thread of the ring stress: either the other end of the flood, or an echo that answers each frame with the
 * same bytes.
 */

export interface StressThreadData {
  readonly memory: StressMemory;
  /** Absent: echo. */
  readonly plan?: StressPlan;
}

const { memory, plan } = workerData as StressThreadData;
const port = parentPort as MessagePort;

if (plan === undefined) {
  const doorbell = new Doorbell(memory.ownDoorbell);
  const other = new Doorbell(memory.otherDoorbell);
  const writer = new RingWriter(memory.outgoing);
  const reader = new RingReader(memory.incoming, () => other.ring());
  doorbell.serve(() => {
    const records = reader.poll((bytes, offset, length) => {
      if (!writeRecord(writer, bytes.subarray(offset, offset + length))) throw new Error('the ring is full');
    }, 16);
    if (writer.publish()) other.ring();
    return records > 0;
  });
  // waiting on a doorbell does not keep a thread alive
  port.ref();
} else {
  const end = new StressEnd(memory, plan);
  // waiting on a doorbell does not keep a thread alive
  port.ref();
  await end.done;
  port.postMessage('done');
}
