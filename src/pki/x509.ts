import 'reflect-metadata'
import { Crypto } from '@peculiar/webcrypto'
import * as x509 from '@peculiar/x509'

x509.cryptoProvider.set(new Crypto())

/** The X.509 library with its crypto provider set; for authorities, chains and everything rare. */
export { x509 }
