/*
 * Asks the official package about one call. Standard input is JSON: `secret`, `headers`, `body`,
 * and optionally `shift`, by how many seconds the receiver's clock is wrong. Prints what the
 * package says: "verified TYPE", or "refused" and the reason. With `sign`, {id, timestamp}, it
 * prints the package's own signature over `body` instead. The environment variable NODE_PACKAGES
 * says where the package is installed.
 */
"use strict";
const { createRequire } = require("module");
const { readFileSync } = require("fs");

const installed = createRequire(process.env.NODE_PACKAGES + "/package.json");
const { Webhook, WebhookVerificationError } = installed("standardwebhooks");

const call = JSON.parse(readFileSync(0, "utf8"));
const webhook = new Webhook(call.secret);

function verify() {
  const now = Date.now;
  Date.now = () => now() + (call.shift ?? 0) * 1000;
  try {
    return `verified ${webhook.verify(call.body, call.headers).type}`;
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) {
      throw error;
    }
    return `refused: ${error.message}`;
  }
}

function sign() {
  return webhook.sign(call.sign.id, new Date(call.sign.timestamp * 1000), call.body);
}

console.log(call.sign ? sign() : verify());
