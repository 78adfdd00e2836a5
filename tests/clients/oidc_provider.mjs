// Another authorization server, which tests/token_requests.rs asks what it asks Tollgate. It ends with its standard input.
import Provider from 'oidc-provider';
import { settings, tell } from './talk.mjs';

const given = await settings();
const listening = (await import('node:http')).createServer();
await new Promise((done) => listening.listen(0, '127.0.0.1', done));
const issuer = `http://127.0.0.1:${listening.address().port}`;
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: given.id,
      client_secret: given.secret,
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      redirect_uris: [given.redirect],
      response_types: ['code'],
      scope: 'openid offline_access reports',
    },
    {
      client_id: given.machine.id,
      client_secret: given.machine.secret,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: 'reports',
    },
  ],
  scopes: ['openid', 'offline_access', 'reports'],
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
});
listening.on('request', provider.callback());
tell('listening', { issuer });
await settings().catch(() => {});
process.exit(0);
