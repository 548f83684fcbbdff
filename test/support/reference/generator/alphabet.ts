/** Few names, used by policies and by requests alike, so that matches and near misses are likely. */
export const NAMESPACES = ['foo', 'bar', 'foo-prod'] as const
export const ACCOUNTS = ['bar', 'web', 'web-admin'] as const
export const LABELS = [{ app: 'web' }, { app: 'web', version: 'v1' }, { app: 'db', tier: '' }] as const
export const SELECTORS = [
  { app: 'web' },
  { app: 'db' },
  { version: 'v1' },
  { app: 'web', version: 'v1' },
  { tier: '' },
] as const
export const GATEWAY_LABEL = 'gateway.networking.k8s.io/gateway-name'

export const MESHES = [
  { trustDomain: 'cluster.local', trustDomainAliases: [] },
  { trustDomain: 'td1', trustDomainAliases: ['td2'] },
  { trustDomain: 'mesh.example', trustDomainAliases: ['cluster.local', 'td2'] },
] as const
export const TRUST_DOMAINS = ['cluster.local', 'td1', 'td2', 'mesh.example'] as const

const IPS = ['127.0.0.1', '127.1.2.3', '127.2.0.1']
export const SOURCE_IPS = IPS
export const WORKLOAD_IPS = ['127.64.0.2', '127.1.2.3'] as const
export const IP_BLOCKS = [
  ...IPS,
  '127.1.2.9/16',
  '127.0.0.0/8',
  '127.64.0.0/30',
  '10.0.0.0/8',
  '0.0.0.0/0',
  '2001:db8::/32',
  '::1',
  '::/0',
  '::ffff:10.0.0.1',
] as const
export const FORWARDED_FOR = [
  '10.0.0.1',
  '127.1.2.3, 10.9.9.9',
  '10.0.0.1 , 127.2.0.1 ',
  '2001:db8::7',
  '::ffff:10.0.0.1',
  '[2001:db8::7]',
  '10.0.0.1:80',
  '10.0.0.1,',
  'junk',
  '',
] as const

export const METHODS = ['GET', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE'] as const
export const METHOD_PATTERNS = [...METHODS, '*', 'P*', '*T', 'get'] as const
export const HOSTS = ['shop.example.com', 'SHOP.example.com', 'shop.example.com:8080', 'shop', 'other.org', ''] as const
export const HOST_PATTERNS = [
  'shop.example.com',
  'Shop.Example.COM',
  '*.example.com',
  'shop*',
  '*:8080',
  'other.org',
  '*',
] as const
export const SNIS = ['shop.example.com', 'SHOP.example.com', 'outbound_.8080_._.web.foo', ''] as const
export const SNI_PATTERNS = ['shop.example.com', 'SHOP*', '*.example.com', 'outbound_*', '*'] as const
export const PORT_VALUES = ['8080', '9000', '08080', '8888', '3306', '1'] as const

export const PATHS = [
  '/',
  '/a',
  '/a/',
  '/a/b',
  '/a/b/c.txt',
  '/A',
  '/ab',
  '/x/a',
  '//a',
  '/a//b',
  '///',
  '/x/../a',
  '/a/..',
  '/a/./b',
  '/a/%2e%2E/b',
  '/a//../b',
  '/../a/../../b',
  '/a%2f/../b',
  '/a\\/b',
  '/%61',
  '/a%2Fb',
  '/a%5cb',
  '/a\\b',
  '/a%252fb',
  '/a;v=1',
  '/a[b',
  '/a{b}',
  '/a%zz',
  '/a%4',
  '/a%00',
  '/a#b',
  '/a/é',
  '*',
  'a',
  'http://shop.example.com/a',
  'https://other.org',
] as const
export const QUERIES = ['', '', '', '?', '?q=/a', '?a=..&b=%2F'] as const
export const PATH_PATTERNS = [
  '/a',
  '/a/',
  '/a*',
  '/a/*',
  '*/a',
  '*b',
  '*',
  '/a/b',
  '/',
  '//*',
  '/{*}',
  '/{**}',
  '/a/{*}',
  '/a/{**}',
  '/{*}/b',
  '/{*}/{**}',
  '/{**}/b',
  '/a%2Fb',
  '/a*b',
] as const

export const HEADER_VALUES = ['dev', 'prod', 'dev,prod', ' dev ', ''] as const
export const WORD_PATTERNS = ['dev', 'prod', 'de*', '*d', '*', 'read', 'write', 'read write', 'd1', 'ops'] as const
