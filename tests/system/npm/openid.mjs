// SPDX-License-Identifier: Apache-2.0
// An OpenID provider on loopback for the tests: npm oidc-provider with its own login pages.
// usage: node openid.mjs CONFIGURATION.json   prints "ready PORT" when it listens.
// The configuration: {"port": 0, "tls": {"key": FILE, "certificate": FILE} or absent, "provider": {...}} where `provider` is
// what oidc-provider takes, and "accounts": {NAME: {CLAIM: VALUE}} whose password nobody asks for.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import Provider from 'oidc-provider';

const { port, tls, accounts, provider } = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const server = tls
  ? https.createServer({ key: fs.readFileSync(tls.key), cert: fs.readFileSync(tls.certificate) })
  : http.createServer();
server.listen(port, '127.0.0.1', () => {
  const issuer = `${tls ? 'https' : 'http'}://localhost:${server.address().port}`;
  const oidc = new Provider(issuer, {
    ...provider,
    async findAccount(_context, id) {
      return accounts[id] && { accountId: id, claims: async () => ({ sub: id, ...accounts[id] }) };
    },
  });
  server.on('request', oidc.callback());
  console.log(`ready ${server.address().port}`);
});
