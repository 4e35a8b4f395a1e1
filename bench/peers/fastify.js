import Fastify from 'fastify';

/** Plain HTTP alone: fastify as its own documentation sets it up, without its logger, which is off by default. */

const app = Fastify();
app.get('/hello', (request) => ({ hello: request.query.name }));
await app.listen({ host: '127.0.0.1', port: 0 });
process.send({ port: app.server.address().port });
process.on('disconnect', () => process.exit());
