/** What `compression: true` stands for, and the defaults of an object there. */
export const COMPRESSION = { threshold: 1024, level: 3 } as const;
