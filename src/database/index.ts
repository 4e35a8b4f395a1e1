/** What applications import: `import { database } from 'gatewayworker/database'`. */
export { database, type Database, type DatabaseOptions } from './database.js';
export { DatabaseError } from './database-error.js';
export type { Transaction } from './transaction.js';
export { StatementBuilder } from './builder/builder.js';
export type { Parameters } from './builder/parameters.js';
export type { QueryResult } from './builder/result.js';
export type { Row } from './builder/statement.js';
export { ERROR_CODES, type ErrorCode, GatewayError } from '../base/errors.js';
