// simple-oauth2: client credentials, password, code.
import { AuthorizationCode, ClientCredentials, ResourceOwnerPassword } from 'simple-oauth2';
import { done, refused, settings, tell, visit } from './talk.mjs';

const given = await settings();
const at = (address) => {
  const { origin, pathname } = new URL(address);
  return { tokenHost: origin, tokenPath: pathname };
};
const standard = {
  ...at(given.metadata.token_endpoint),
  authorizeHost: new URL(given.metadata.authorization_endpoint).origin,
  authorizePath: new URL(given.metadata.authorization_endpoint).pathname,
  revokePath: new URL(given.metadata.revocation_endpoint).pathname,
};
const config = ({ id, secret }, auth) => ({ client: { id, secret }, auth });

for (const authorizationMethod of ['header', 'body']) {
  const machine = new ClientCredentials({
    ...config(given.machine_client, at(given.metadata.token_endpoint)),
    options: { authorizationMethod },
  });
  tell(`client credentials ${authorizationMethod}`, { token: (await machine.getToken({})).token });
}

const cinchy = new ResourceOwnerPassword({
  ...config(given.password_client, at(given.cinchy_token)),
  options: { authorizationMethod: 'body' },
});
const { username, password } = given;
tell('password', { token: (await cinchy.getToken({ username, password, scope: 'js_api' })).token });
await refused('wrong password', () => cinchy.getToken({ username, password: 'not it', scope: 'js_api' }));

// It knows no PKCE of its own; what a server demands is handed in.
const { createHash, randomBytes } = await import('node:crypto');
const code_verifier = randomBytes(32).toString('base64url');
const web = new AuthorizationCode(config(given.web_client, standard));
const arrived = await visit(
  web.authorizeURL({
    redirect_uri: given.redirect,
    scope: 'openid profile',
    state: 'kept',
    code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }),
);
const code = arrived.searchParams.get('code');
const token = await web.getToken({ code, redirect_uri: given.redirect, code_verifier });
tell('code', { token: token.token, state: arrived.searchParams.get('state') });
const renewed = await token.refresh();
tell('refresh', { token: renewed.token, before: token.token });
await renewed.revoke('refresh_token');
await refused('refresh after revocation', () => renewed.refresh());
done();
