/** The file of prom-client that renders, which has no types of its own. */
declare module 'prom-client/lib/registry.js' {
  import { Registry } from 'prom-client';

  export default Registry;
}
