-- Run by MariaDB at each start, so every statement may be run again. @PASSWORD@ is filled in by run.py.
CREATE DATABASE IF NOT EXISTS shop CHARACTER SET utf8mb4;
CREATE OR REPLACE USER shop@localhost IDENTIFIED BY '@PASSWORD@';
CREATE OR REPLACE USER shop@'127.0.0.1' IDENTIFIED BY '@PASSWORD@';
GRANT ALL ON shop.* TO shop@localhost;
GRANT ALL ON shop.* TO shop@'127.0.0.1';
CREATE TABLE IF NOT EXISTS shop.products (id INT PRIMARY KEY, name VARCHAR(80) NOT NULL, price_cents INT NOT NULL, delay_ms INT NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS shop.orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, cart VARCHAR(80) NOT NULL, amount_cents INT NOT NULL, state VARCHAR(16) NOT NULL);
CREATE TABLE IF NOT EXISTS shop.parcels (id BIGINT AUTO_INCREMENT PRIMARY KEY, order_id BIGINT NOT NULL, wrapping VARCHAR(40) NOT NULL);
INSERT IGNORE INTO shop.products (id, name, price_cents, delay_ms) VALUES (1, 'Teapot', 2450, 0), (2, 'Kettle', 3900, 0), (3, 'Mug', 890, 0), (4, 'Sugar bowl', 1200, 0), (5, 'Tea, black', 640, 0), (6, 'Tea, green', 690, 0), (7, 'Strainer', 350, 0), (8, 'Tray', 1750, 0), (9, 'Honey', 520, 0), (13, 'Samovar', 19900, 600);
