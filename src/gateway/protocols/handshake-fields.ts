import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { certificateOf } from './client-certificate.js';
import { originForm } from './http-target.js';
import type { HandshakeRequest } from './protocol.js';

/** What a client has asked with, before anything is agreed on. */
export type HandshakeFields = Omit<HandshakeRequest, 'subprotocol'>;

/** @param headers as they came, where the request's have been changed since */
export function requestOf(
  request: IncomingMessage,
  headers: IncomingHttpHeaders = request.headers,
): HandshakeFields {
  const { url, method = 'GET', httpVersion, socket } = request;
  return { url: originForm(url), method, httpVersion, headers, certificate: certificateOf(socket) };
}
