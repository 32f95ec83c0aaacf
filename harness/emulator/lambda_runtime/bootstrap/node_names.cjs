// Where do AWS's names lead inside a function? To the emulator: `aws_names.py` says what and why; this is the same
// for Node, to be loaded first (`node --require node_names.cjs ...`). FANOUT_HARNESS_AWS names the emulator.
//
// Everything that connects through `net` is covered: http, https, tls, http2, fetch, and so AWS's SDKs. Not covered
// is `dns.resolve*`, which asks name servers itself, and add-ons that open sockets in C.
'use strict';

const dns = require('node:dns');
const net = require('node:net');

const AWS_ADDRESS = '127.0.53.1';
const SUFFIXES = ['.amazonaws.com', '.amazonaws.com.cn', '.amazonaws.eu', '.api.aws', '.on.aws'];
const METADATA = new Set(['169.254.169.254', '169.254.170.2', '169.254.170.23', 'fd00:ec2::254', 'fd00:ec2::23']);
const OURS = ['.localhost', '.localhost.localstack.cloud'];

const [, EMULATOR_HOST, port] = /^(.*):(\d+)$/.exec(process.env.FANOUT_HARNESS_AWS);
const EMULATOR_PORT = Number(port);
const PORTS = new Set([80, 443, EMULATOR_PORT]);

const plain = (name) => String(name).toLowerCase().replace(/\.$/, '');
const isAws = (name) => SUFFIXES.some((suffix) => `.${plain(name)}`.endsWith(suffix)) || METADATA.has(plain(name));
const isOurs = (name) => OURS.some((suffix) => plain(name).endsWith(suffix));

function standIn(name) {
  if (isAws(name)) return AWS_ADDRESS;
  return isOurs(name) ? EMULATOR_HOST : name;
}

// An IPv6 address of AWS's names does not exist, so `family: 6` finds none, as on most of AWS.
function redirectLookup(owner) {
  const lookup = owner.lookup;
  owner.lookup = function redirected(name, ...rest) {
    return lookup.call(this, standIn(name), ...rest);
  };
}

// The options of a connection, with the emulator's address in place of AWS's. A copy: tls checks certificates
// against the host in its own.
function destination(options) {
  const host = options.host;
  if (host === undefined || options.path) return options;
  if (isOurs(host)) return { ...options, host: EMULATOR_HOST };
  if (host !== AWS_ADDRESS && !isAws(host)) return options;
  if (PORTS.has(Number(options.port))) return { ...options, host: EMULATOR_HOST, port: EMULATOR_PORT };
  const refused = new Error(`connect ECONNREFUSED ${host}:${options.port}: AWS answers here on ports 80 and 443 only`);
  throw Object.assign(refused, { code: 'ECONNREFUSED', syscall: 'connect', address: host, port: options.port });
}

// `connect` takes (options, callback), (port, host, callback), (path, callback), or one array that holds the first
// form and is marked as such by a symbol of its own.
function redirectConnect() {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function redirected(...given) {
    const args = Array.isArray(given[0]) ? given[0] : given;
    try {
      if (args[0] !== null && typeof args[0] === 'object') {
        args[0] = destination(args[0]);
      } else if (typeof args[1] === 'string') {
        args.splice(0, 2, destination({ port: args[0], host: args[1] }));
      }
    } catch (refused) {
      process.nextTick(() => this.destroy(refused));
      return this;
    }
    return connect.apply(this, given);
  };
}

redirectLookup(dns);
redirectLookup(dns.promises);
redirectConnect();
