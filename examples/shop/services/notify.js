// Tells customers that their parcel is on its way: consumes the packers' events from RabbitMQ and counts them in redis.
'use strict';

const amqplib = require('amqplib');
const fs = require('node:fs');
const Redis = require('ioredis');
const log = require('pino')({ name: 'notify' });

const EVENTS_EXCHANGE = 'events';
const PARCELS_QUEUE = 'parcels';

async function main() {
  const redis = new Redis(process.env.SHOP_REDIS_URL);
  const connection = await amqplib.connect(process.env.SHOP_QUEUE_URL);
  const channel = await connection.createChannel();
  await channel.assertExchange(EVENTS_EXCHANGE, 'topic', { durable: true });
  await channel.assertQueue(PARCELS_QUEUE, { durable: true });
  await channel.bindQueue(PARCELS_QUEUE, EVENTS_EXCHANGE, 'parcel.*');

  const { consumerTag } = await channel.consume(PARCELS_QUEUE, async (message) => {
    const { order } = JSON.parse(message.content.toString());
    await redis.incr('parcels-sent');
    log.info({ order }, 'customer told');
    channel.ack(message);
  });
  fs.writeFileSync(process.env.SHOP_READY_FILE, 'ready\n');

  process.on('SIGTERM', async () => {
    await channel.cancel(consumerTag);
    await channel.close();
    await connection.close();
    await redis.quit();
  });
}

main().catch((error) => {
  log.fatal({ err: error }, 'notify cannot start');
  process.exit(1);
});
