/** What `socketIo: true` stands for, and the defaults of an object there: times in seconds, those of Socket.IO itself. */
export const SOCKET_IO = {
  pingInterval: 25,
  pingTimeout: 20,
  connectTimeout: 45,
  namespaces: ['/'] as readonly string[],
} as const;

export type SocketIoSettings = { readonly [Key in keyof typeof SOCKET_IO]: Widened<(typeof SOCKET_IO)[Key]> };

type Widened<Value> = Value extends number ? number : Value;
