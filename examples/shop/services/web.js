// The shop's front door: pages for people, put together from what the tiers behind it answer.
// It decides nothing itself: a refusal from behind is passed on, a failure from behind is a 502.
'use strict';

const express = require('express');
const path = require('node:path');
const log = require('pino')({ name: 'web' });

const behind = { catalog: process.env.SHOP_CATALOG_URL, cart: process.env.SHOP_CART_URL, order: process.env.SHOP_ORDER_URL };

class TierFailed extends Error {
  constructor(tier, status) {
    super(`${tier} answered ${status}`);
    this.name = 'TierFailed';
    this.status = 502;
  }
}

async function ask(tier, method, route, body) {
  const answer = await fetch(behind[tier] + route, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await answer.text();
  if (answer.status >= 500) throw new TierFailed(tier, answer.status);
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
}

async function passOn(response, tier, method, route, body) {
  const answer = await ask(tier, method, route, body);
  response.status(answer.status).json(answer.body);
}

async function checkout(request, response) {
  const { cart, card, wrapping } = request.body;
  const cartRoute = `/carts/${encodeURIComponent(cart)}`;
  const { body: contents } = await ask('cart', 'GET', cartRoute);
  const order = await ask('order', 'POST', '/orders', { cart, items: contents.items, card, wrapping });
  if (order.status === 201) {
    await ask('cart', 'DELETE', cartRoute);
    log.info({ order: order.body.order }, 'order placed');
  }
  response.status(order.status).json(order.body);
}

const app = express();
app.use('/static', express.static(path.join(__dirname, 'static')));
app.use(express.json());
app.get('/health', (request, response) => response.json({ status: 'up' }));
app.get('/', (request, response) => passOn(response, 'catalog', 'GET', '/products'));
app.get('/product/:id', (request, response) =>
  passOn(response, 'catalog', 'GET', `/products/${encodeURIComponent(request.params.id)}`));
app.post('/cart/:id', (request, response) =>
  passOn(response, 'cart', 'POST', `/carts/${encodeURIComponent(request.params.id)}/items`, request.body));
app.post('/checkout', checkout);
app.use((error, request, response, next) => {
  log.error({ err: error }, 'request failed');
  response.status(error.status ?? 500).json({ error: error.message });
});

const server = app.listen(Number(process.env.SHOP_PORT), '127.0.0.1', () => log.info('web is open'));
process.on('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
});
