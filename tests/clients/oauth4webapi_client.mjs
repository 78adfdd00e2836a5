// oauth4webapi, which believes nothing that a standard does not say: code with PKCE, refresh, private_key_jwt.
import * as oauth from 'oauth4webapi';
import { done, refused, settings, tell, visit } from './talk.mjs';

const given = await settings();
const insecure = { [oauth.allowInsecureRequests]: true };

const issuer = new URL(given.issuers.standard);
const found = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
const server = await oauth.processDiscoveryResponse(issuer, found);

const web = { client_id: given.web_client.id };
const secret = oauth.ClientSecretBasic(given.web_client.secret);
const verifier = oauth.generateRandomCodeVerifier();
const state = oauth.generateRandomState();
const nonce = oauth.generateRandomNonce();
const address = new URL(server.authorization_endpoint);
address.search = new URLSearchParams({
  client_id: web.client_id,
  redirect_uri: given.redirect,
  response_type: 'code',
  scope: 'openid email',
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
});
// Checks `iss` against the issuer too (RFC 9207).
const parameters = oauth.validateAuthResponse(server, web, await visit(address), state);
const redeem = () =>
  oauth.authorizationCodeGrantRequest(server, web, secret, parameters, given.redirect, verifier, insecure);
const answer = await redeem();
const tokens = await oauth.processAuthorizationCodeResponse(server, web, answer, {
  expectedNonce: nonce,
  requireIdToken: true,
});
tell('code', { token: tokens, claims: oauth.getValidatedIdTokenClaims(tokens) });

const renewed = await oauth.processRefreshTokenResponse(
  server,
  web,
  await oauth.refreshTokenGrantRequest(server, web, secret, tokens.refresh_token, insecure),
);
tell('refresh', { token: renewed, before: tokens });
await refused('code again', async () =>
  oauth.processAuthorizationCodeResponse(server, web, await redeem(), { expectedNonce: nonce }),
);

const { id, jwk } = given.key_client;
const key = await crypto.subtle.importKey('jwk', jwk, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
const robot = { client_id: id };
const assertion = oauth.PrivateKeyJwt({ key, kid: jwk.kid });
const granted = await oauth.clientCredentialsGrantRequest(server, robot, assertion, new URLSearchParams(), insecure);
tell('private_key_jwt', { token: await oauth.processClientCredentialsResponse(server, robot, granted) });
done();
