// A real S3 server in memory: prints its port, ends with its standard input.
import { startFauxqs } from 'fauxqs';

const server = await startFauxqs({ port: 0, logger: false });
process.stdout.write(`${server.port}\n`);
process.stdin.on('end', () => process.exit(0)).resume();
