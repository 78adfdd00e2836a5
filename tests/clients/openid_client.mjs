// openid-client: discovery, code with PKCE and nonce, ID token, userinfo, refresh, introspection, revocation, client credentials.
import * as client from 'openid-client';
import { done, refused, settings, tell, visit } from './talk.mjs';

const given = await settings();
const insecure = { execute: [client.allowInsecureRequests] };

async function code(issuer, { id, secret }, authentication) {
  const config = await client.discovery(new URL(issuer), id, secret, authentication, insecure);
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: given.redirect,
    scope: 'openid profile email offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
  });
  const tokens = await client.authorizationCodeGrant(config, await visit(address), {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
  return { config, tokens };
}

for (const [profile, issuer] of Object.entries(given.issuers)) {
  const { config, tokens } = await code(issuer, given.web_client, undefined);
  tell(`code ${profile}`, { token: tokens, claims: tokens.claims() });
  const sub = tokens.claims().sub;
  tell(`userinfo ${profile}`, { claims: await client.fetchUserInfo(config, tokens.access_token, sub) });
  const renewed = await client.refreshTokenGrant(config, tokens.refresh_token);
  tell(`refresh ${profile}`, { token: renewed, before: tokens });
  tell(`introspection ${profile}`, { answer: await client.tokenIntrospection(config, renewed.access_token) });
  await client.tokenRevocation(config, renewed.refresh_token);
  await refused(`refresh after revocation ${profile}`, () => client.refreshTokenGrant(config, renewed.refresh_token));
  const leave = client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: given.after_logout,
    state: 'left',
  });
  tell(`end session ${profile}`, { arrived: await visit(leave) });
}

const open = await code(given.issuers.standard, given.public_client, client.None());
tell('code public', { token: open.tokens, claims: open.tokens.claims() });

const { id, secret } = given.machine_client;
const machine = await client.discovery(new URL(given.issuers.standard), id, secret, undefined, insecure);
tell('client credentials', { token: await client.clientCredentialsGrant(machine) });
await refused('scope beyond', () => client.clientCredentialsGrant(machine, { scope: 'admin_of_everything' }));
done();
