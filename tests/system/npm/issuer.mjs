// SPDX-License-Identifier: Apache-2.0
// An OAuth server on loopback for the tests of tokens: npm oidc-provider.
// usage: node issuer.mjs CONFIGURATION.json   prints "ready PORT" when it listens.
// The configuration: {"port", "tls": {"key", "certificate", "authority"} or absent, "keys": private JWKs, "clients": as
// oidc-provider takes them}. A token for the resource "urn:alg:ES256" is a JWT signed with ES256 and for the audience
// "sallyport", one without a resource is opaque. Clients may show certificates of the authority; a client's name is then the
// common name of its certificate.
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import Provider from 'oidc-provider';

const { port, tls, keys, clients } = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
const server = tls
  ? https.createServer({
    key: fs.readFileSync(tls.key),
    cert: fs.readFileSync(tls.certificate),
    ca: tls.authority && fs.readFileSync(tls.authority),
    requestCert: Boolean(tls.authority),
    rejectUnauthorized: false,
  })
  : http.createServer();
server.listen(port, '127.0.0.1', () => {
  const issuer = `${tls ? 'https' : 'http'}://localhost:${server.address().port}`;
  const oidc = new Provider(issuer, {
    clients,
    jwks: { keys },
    scopes: ['read', 'write'],
    clientAuthMethods: [
      'client_secret_basic', 'client_secret_post', 'private_key_jwt', 'tls_client_auth',
    ],
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true },
      dPoP: { enabled: true },
      mTLS: {
        enabled: true,
        tlsClientAuth: true,
        certificateBoundAccessTokens: true,
        getCertificate: (context) => context.socket.getPeerX509Certificate(),
        certificateAuthorized: (context) => context.socket.authorized,
        certificateSubjectMatches: (context, property, expected) =>
          property === 'tls_client_auth_subject_dn' &&
          context.socket.getPeerX509Certificate().subject === expected,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        getResourceServerInfo: (_context, resource) => ({
          audience: 'sallyport',
          scope: 'read write',
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: resource.replace('urn:alg:', '') } },
        }),
      },
    },
    enabledJWA: {
      idTokenSigningAlgValues: ['RS256'],
      clientAuthSigningAlgValues: ['RS256', 'ES256', 'PS256'],
    },
    ttl: { ClientCredentials: 600 },
  });
  server.on('request', oidc.callback());
  console.log(`ready ${server.address().port}`);
});
