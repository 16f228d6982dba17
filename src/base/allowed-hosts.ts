import { BlockList, isIP, isIPv6 } from 'node:net';

// Two lists: one would hold IPv4 addresses against the subnets of IPv6 that they are mapped into.
const reserved = { ipv4: new BlockList(), ipv6: new BlockList() };
// Addresses that are not on the public internet (IANA special-purpose registries, RFC 6890).
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  reserved.ipv4.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  // Only 2000::/3 is given out for the internet. Outside are the loopback address, local networks, multicast, and IPv4
  // addresses in other notations (mapped ones are looked at as such).
  ['::', 3],
  ['4000::', 2],
  ['8000::', 1],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const) {
  reserved.ipv6.addSubnet(network, prefix, 'ipv6');
}

const mappedV4 = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i;

/** True for loopback, private, link-local and other addresses that are not public. */
export function isPrivateAddress(address: string): boolean {
  const mapped = mappedV4.exec(address);
  if (mapped) {
    const [, dotted, high, low] = mapped;
    const bits = dotted ? 0 : Number.parseInt(high, 16) * 65536 + Number.parseInt(low, 16);
    return isPrivateAddress(dotted ?? [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.'));
  }
  // Link-local addresses may name an interface.
  const [bare] = address.split('%');
  const family = isIPv6(bare) ? 'ipv6' : 'ipv4';
  return reserved[family].check(bare, family);
}

/** What the configuration says of a host: refused, allowed at public addresses, or at any address. */
export type HostRule = 'refused' | 'public' | 'any';

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/**
 * Looks an address up in the allowed hosts. An entry that names the host allows all its addresses;
 * `*` and `*.domain` allow public ones only.
 */
export function hostRule(url: URL, allowed: readonly string[]): HostRule {
  const host = url.hostname.toLowerCase().replace(/\.$/, '');
  const withPort = `${host}:${url.port || defaultPorts[url.protocol]}`;
  let rule: HostRule = 'refused';
  for (const entry of allowed) {
    const name = entry.toLowerCase();
    if (name === host || name === withPort) return 'any';
    const [domain, port] = name.split(/:(?=\d+$)/);
    const portFits = port === undefined || withPort.endsWith(`:${port}`);
    if (name === '*' || (domain.startsWith('*.') && portFits && host.endsWith(domain.slice(1))))
      rule = 'public';
  }
  return rule;
}

/** A host written as an IP address, without brackets; undefined for names. */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) ? bare : undefined;
}
