// The package has no types of its own; tests use little of it.
declare module 'oidc-provider' {
  const Provider: new (issuer: string, configuration: object) => unknown;
  export default Provider;
}
