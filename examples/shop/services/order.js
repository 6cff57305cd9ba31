// Takes orders: writes them to MariaDB, has them paid, and hands the paid ones to the packers through RabbitMQ.
'use strict';

const amqplib = require('amqplib');
const express = require('express');
const http = require('node:http');
const mysql = require('mysql2/promise');
const log = require('pino')({ name: 'order' });

const ORDERS_QUEUE = 'orders';

const pool = mysql.createPool({ uri: process.env.SHOP_DATABASE_URL, connectionLimit: 8 });

function pay(order, card, amount) {
  const body = JSON.stringify({ order, card, amount });
  const options = { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } };
  return new Promise((resolve, reject) => {
    const request = http.request(`${process.env.SHOP_PAYMENT_URL}/payments`, options, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode));
    });
    request.on('error', reject);
    request.end(body);
  });
}

function outcome(paymentStatus) {
  if (paymentStatus === 201) return { state: 'paid', status: 201 };
  if (paymentStatus === 402) return { state: 'declined', status: 402 };
  return { state: 'failed', status: 502 };
}

async function insertOrder(cart, amount) {
  const [result] = await pool.execute('INSERT INTO orders (cart, amount_cents, state) VALUES (?, ?, ?)', [cart, amount, 'new']);
  return result.insertId;
}

async function place(channel, request, response) {
  const { cart, items, card, wrapping } = request.body;
  const amount = items.reduce((sum, item) => sum + item.price_cents * item.quantity, 0);
  const order = await insertOrder(cart, amount);
  const { state, status } = outcome(await pay(order, card, amount));
  await pool.execute('UPDATE orders SET state = ? WHERE id = ?', [state, order]);
  if (state === 'paid') {
    channel.sendToQueue(ORDERS_QUEUE, Buffer.from(JSON.stringify({ order, wrapping: wrapping ?? 'paper' })), { persistent: true });
    await channel.waitForConfirms();
  }
  if (state === 'failed') log.error({ order }, 'payment could not be made');
  response.status(status).json({ order, state });
}

async function main() {
  const connection = await amqplib.connect(process.env.SHOP_QUEUE_URL);
  const channel = await connection.createConfirmChannel();
  await channel.assertQueue(ORDERS_QUEUE, { durable: true });

  const app = express();
  app.use(express.json());
  app.post('/orders', (request, response) => place(channel, request, response));
  app.use((error, request, response, next) => {
    log.error({ err: error }, 'order failed');
    response.status(500).json({ error: error.message });
  });

  const server = app.listen(Number(process.env.SHOP_PORT), '127.0.0.1', () => log.info('order desk is open'));
  process.on('SIGTERM', () => {
    server.close(async () => {
      await connection.close();
      await pool.end();
    });
    server.closeIdleConnections();
  });
}

main().catch((error) => {
  log.fatal({ err: error }, 'order desk cannot open');
  process.exit(1);
});
