// A server that answers GraphQL and talks over a websocket, and calls itself once as a client. No framework, so that
// what the agent says of bare `http` is seen: no route.
'use strict';

const { buildSchema, graphql } = require('graphql');
const http = require('node:http');
const { WebSocketServer } = require('ws');

const schema = buildSchema('type Query { greeting(name: String!): String broken: String } type Mutation { greet(name: String!): String }');
const root = {
  greeting: ({ name }) => `hello ${name}`,
  greet: ({ name }) => `greeted ${name}`,
  broken: () => { throw new RangeError('no such thing'); },
};

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return JSON.parse(text);
}

const server = http.createServer(async (request, response) => {
  if (request.url !== '/graphql') {
    response.statusCode = 404;
    response.end();
    return;
  }
  const { query, operationName } = await body(request);
  const answer = await graphql({ schema, source: query, rootValue: root, operationName });
  response.end(JSON.stringify(answer));
});

new WebSocketServer({ server, path: '/ws' }).on('connection', (socket) => {
  socket.on('message', (message) => socket.send(message.toString()));
});

server.listen(Number(process.env.LOBBY_PORT), '127.0.0.1');
process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
});
