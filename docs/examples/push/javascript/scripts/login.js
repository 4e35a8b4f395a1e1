/** Prints the address at which somebody is logged in: npm run login -- ann */
import { tokenFor } from '../tokens.js';

const [uid] = process.argv.slice(2);
if (!uid) {
  console.error('Expected a name: npm run login -- ann');
  process.exit(2);
}
console.log(`http://localhost:8282/?token=${encodeURIComponent(tokenFor(uid))}&topic=news`);
