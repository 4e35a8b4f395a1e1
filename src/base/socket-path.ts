/** Bytes of a unix socket's path: 107 on Linux, 103 on macOS and the BSDs. */
export const LONGEST_SOCKET_PATH = process.platform === 'linux' ? 107 : 103;

/** Bytes of a dot and a pid, which the path of a listener's socket has behind it while it is opened. */
export const ROOM_FOR_PID = 8;
