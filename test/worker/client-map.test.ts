import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ClientMap } from '#src/worker/client-map.js';

const A = { ip: 0x7f000001, port: 2900 };
const B = { ip: 0x7f000001, port: 2901 };
const at = ({ ip, port }: typeof A, connectionId: number) => ({ localIp: ip, localPort: port, connectionId });

describe('a map by client', () => {
  it('tells the same connection id at two gateways apart', () => {
    const map = new ClientMap<string>();
    map.set(at(A, 7), 'at A');
    map.set(at(B, 7), 'at B');
    assert.deepEqual([map.get(at(A, 7)), map.get(at(B, 7)), map.get(at(A, 8))], ['at A', 'at B', undefined]);
    map.delete(at(B, 7));
    assert.deepEqual([map.get(at(B, 7)), [...map.values()]], [undefined, ['at A']]);
  });

  it('finds again what is set after a gateway’s last client went', () => {
    const map = new ClientMap<number>();
    map.set(at(A, 7), 1);
    map.delete(at(A, 7));
    map.delete(at(A, 7));
    assert.equal(map.get(at(A, 7)), undefined);
    map.set(at(A, 7), 2);
    assert.equal(map.get(at(B, 7)), undefined);
    assert.equal(map.get(at(A, 7)), 2);
  });

  it('lists one gateway’s, which may be deleted meanwhile', () => {
    const map = new ClientMap<number>();
    for (const id of [1, 2, 3]) map.set(at(A, id), id);
    map.set(at(B, 4), 4);
    const seen: number[] = [];
    for (const id of map.of(A)) {
      seen.push(id);
      map.delete(at(A, id));
    }
    assert.deepEqual([seen, [...map.of(A)], [...map.values()]], [[1, 2, 3], [], [4]]);
  });
});
