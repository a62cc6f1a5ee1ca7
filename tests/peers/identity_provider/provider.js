// An OpenID Connect provider for the tests of the whole system, by the package oidc-provider:
//   node provider.js FOLDER
// FOLDER/settings.json says { port, lifetime, audience, clientSecret, user, password }; the provider makes FOLDER/keys.json,
// its own signing key, where it is missing, and reads FOLDER/client.crt, the certificate of the client that signs.
import { X509Certificate, createHash, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import Provider, { errors } from 'oidc-provider';

const folder = process.argv[2];
const settings = JSON.parse(readFileSync(`${folder}/settings.json`, 'utf8'));
const issuer = `http://127.0.0.1:${settings.port}`;

function signingKeys() {
  const file = `${folder}/keys.json`;
  if (!existsSync(file)) {
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
    writeFileSync(file, JSON.stringify({ keys: [{ ...key, use: 'sig', alg: 'RS256' }] }), { mode: 0o600 });
  }
  return JSON.parse(readFileSync(file, 'utf8'));
}

// As Microsoft Entra ID names a certificate: by the SHA-1 of its DER.
function certificateKeys() {
  const certificate = new X509Certificate(readFileSync(`${folder}/client.crt`));
  const thumbprint = createHash('sha1').update(certificate.raw).digest('base64url');
  return { keys: [{ ...certificate.publicKey.export({ format: 'jwk' }), use: 'sig', kid: thumbprint, x5t: thumbprint }] };
}

const common = { grant_types: ['client_credentials', 'password'], redirect_uris: [], response_types: [] };
const secret = { ...common, client_secret: settings.clientSecret };
const clients = [
  { ...secret, client_id: 'client-form', token_endpoint_auth_method: 'client_secret_post' },
  { ...secret, client_id: 'client-basic', token_endpoint_auth_method: 'client_secret_basic' },
  { ...common, client_id: 'client-key', token_endpoint_auth_method: 'private_key_jwt', jwks: certificateKeys() },
];

// Access tokens are JWTs for one audience, whether the client names it or not.
const resource = {
  audience: settings.audience,
  scope: 'kinetic',
  accessTokenTTL: settings.lifetime,
  accessTokenFormat: 'jwt',
  jwt: { sign: { alg: 'RS256' } },
};

const provider = new Provider(issuer, {
  clients,
  jwks: signingKeys(),
  scopes: ['kinetic'],
  cookies: { keys: ['unused'] },
  clientAuthMethods: ['client_secret_post', 'client_secret_basic', 'private_key_jwt'],
  ttl: { ClientCredentials: settings.lifetime, AccessToken: settings.lifetime },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => settings.audience,
      useGrantedResource: () => true,
      getResourceServerInfo: () => resource,
    },
  },
});

// RFC 6749 §4.3, which OpenID Connect does not have.
provider.registerGrantType('password', async (ctx, next) => {
  const { username, password } = ctx.oidc.params;
  if (username !== settings.user || password !== settings.password) {
    throw new errors.InvalidGrant('the user name or the password is wrong');
  }
  const token = new provider.AccessToken({
    client: ctx.oidc.client, accountId: username, gty: 'password', scope: 'kinetic',
  });
  token.resourceServer = new provider.ResourceServer(settings.audience, resource);
  ctx.body = {
    access_token: await token.save(), expires_in: token.expiration, token_type: token.tokenType, scope: 'kinetic',
  };
  await next();
}, ['username', 'password', 'scope', 'resource']);

provider.on('server_error', (ctx, error) => console.error(error));
provider.on('grant.error', (ctx, error) => console.log('refused:', error.error, error.error_detail ?? error.error_description));
provider.on('grant.success', () => console.log('granted'));
provider.listen(settings.port, '127.0.0.1');
