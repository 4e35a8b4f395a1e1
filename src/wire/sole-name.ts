/*
 * The ext_data of most sends, which name one uid or one group, as JSON.stringify and PHP's json_encode write it: parsing it
 * would take four times as long. A name that has to be escaped is left to the parser.
 */
const ONE_UID = /^\["([^"\\\p{Cc}]*)"\]$/u;
const ONE_GROUP = /^\{"group":\["([^"\\\p{Cc}]*)"\],"exclude":null\}$/u;

/** The only uid that a SEND_TO_UID's ext_data names; undefined when it has to be parsed. */
export function soleUid(ext: string): string | undefined {
  return ONE_UID.exec(ext)?.[1];
}

/** The only group that a SEND_TO_GROUP's ext_data names, without anybody excluded; undefined when it has to be parsed. */
export function soleGroup(ext: string): string | undefined {
  return ONE_GROUP.exec(ext)?.[1];
}
