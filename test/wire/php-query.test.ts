import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parsePhpQuery } from '#src/wire/php-query.js';
import { serialize } from '#src/wire/php-serialize.js';

const read = (query: string): string => serialize(parsePhpQuery(query)).toString('latin1');
const nested = (depth: number): string => `a${'[b]'.repeat(depth)}=1`;

/** What PHP 8.2's parse_str gave, serialized. */
const CASES: Readonly<Record<string, string>> = {
  '': 'a:0:{}',
  'a=1&&b': 'a:2:{s:1:"a";s:1:"1";s:1:"b";s:0:"";}',
  'a=1&a=2': 'a:1:{s:1:"a";s:1:"2";}',
  '=1&a=b=c': 'a:1:{s:1:"a";s:3:"b=c";}',
  'name=a+b%20c%2Bd%zz%2': 'a:1:{s:4:"name";s:12:"a b c+d%zz%2";}',
  '12=a&01=b': 'a:2:{i:12;s:1:"a";s:2:"01";s:1:"b";}',
  'dot.ted=1&with space=2&++lead=3':
    'a:3:{s:7:"dot_ted";s:1:"1";s:10:"with_space";s:1:"2";s:4:"lead";s:1:"3";}',
  'list[]=x&list[]=y': 'a:1:{s:4:"list";a:2:{i:0;s:1:"x";i:1;s:1:"y";}}',
  'list[5]=x&list[]=y&list[-9]=z&list[]=w':
    'a:1:{s:4:"list";a:4:{i:5;s:1:"x";i:6;s:1:"y";i:-9;s:1:"z";i:7;s:1:"w";}}',
  'list[9223372036854775807]=x&list[]=y': 'a:1:{s:4:"list";a:1:{i:9223372036854775807;s:1:"x";}}',
  'map[a][b]=1&map[a][c.d]=2': 'a:1:{s:3:"map";a:1:{s:1:"a";a:2:{s:1:"b";s:1:"1";s:3:"c.d";s:1:"2";}}}',
  'map[][a]=1&map[][a]=2': 'a:1:{s:3:"map";a:2:{i:0;a:1:{s:1:"a";s:1:"1";}i:1;a:1:{s:1:"a";s:1:"2";}}}',
  'a=1&a[b]=2': 'a:1:{s:1:"a";a:1:{s:1:"b";s:1:"2";}}',
  'a[b]=1&a=2': 'a:1:{s:1:"a";s:1:"2";}',
  'a[ ]=1&a[ b]=2': 'a:1:{s:1:"a";a:2:{i:0;s:1:"1";s:2:" b";s:1:"2";}}',
  'a[b]rest=1': 'a:1:{s:1:"a";a:1:{s:1:"b";s:1:"1";}}',
  '[a]=1': 'a:0:{}',
  'a.b[c.d[=1': 'a:1:{s:8:"a_b_c_d_";s:1:"1";}',
  'a[b][c=1': 'a:1:{s:1:"a";a:1:{s:1:"b";s:1:"1";}}',
  'a%00b=1': 'a:1:{s:1:"a";s:1:"1";}',
  'a%5B%5D=1': 'a:1:{s:1:"a";a:1:{i:0;s:1:"1";}}',
  'a=%e9&b=%C3%A9': 'a:2:{s:1:"a";s:1:"\xe9";s:1:"b";s:2:"\xc3\xa9";}',
  '__proto__[x]=1&constructor=2': 'a:2:{s:9:"__proto__";a:1:{s:1:"x";s:1:"1";}s:11:"constructor";s:1:"2";}',
};

describe('a query as PHP reads it', () => {
  for (const [query, expected] of Object.entries(CASES)) {
    it(`?${query}`, () => {
      assert.equal(read(query), expected);
    });
  }

  it('takes a thousand variables, and no more', () => {
    const query = Array.from({ length: 1500 }, (_, index) => `v${index}=1`).join('&');
    assert.equal(parsePhpQuery(query).size, 1000);
  });

  it('leaves out a variable that is nested too deep, with what it held', () => {
    assert.equal(read(`x=1&a=2&${nested(63)}&y=3`), 'a:2:{s:1:"x";s:1:"1";s:1:"y";s:1:"3";}');
    assert.match(read(nested(62)), /^(?:a:1:\{s:1:"[ab]";){63}s:1:"1";\}{63}$/);
  });
});
