/**
 * The numbers of PKCS #11 that are used here, by their names there (v2.40 §B and `pkcs11t.h`; Edwards keys: v3.0): they are
 * needed before the addon is loaded, which may be absent.
 */
export const CKF_OS_LOCKING_OK = 0x2
export const CKF_RW_SESSION = 0x2
export const CKF_SERIAL_SESSION = 0x4
export const CKF_TOKEN_INITIALIZED = 0x400

export const CKU_USER = 1

export const CKO_PUBLIC_KEY = 2
export const CKO_PRIVATE_KEY = 3

export const CKK_RSA = 0x00
export const CKK_EC = 0x03
export const CKK_EC_EDWARDS = 0x40

export const CKA_CLASS = 0x000
export const CKA_TOKEN = 0x001
export const CKA_PRIVATE = 0x002
export const CKA_LABEL = 0x003
export const CKA_KEY_TYPE = 0x100
export const CKA_ID = 0x102
export const CKA_SENSITIVE = 0x103
export const CKA_SIGN = 0x108
export const CKA_VERIFY = 0x10a
export const CKA_MODULUS = 0x120
export const CKA_MODULUS_BITS = 0x121
export const CKA_PUBLIC_EXPONENT = 0x122
export const CKA_EXTRACTABLE = 0x162
export const CKA_EC_PARAMS = 0x180
export const CKA_EC_POINT = 0x181

export const CKM_RSA_PKCS_KEY_PAIR_GEN = 0x0000
export const CKM_SHA256_RSA_PKCS = 0x0040
export const CKM_EC_KEY_PAIR_GEN = 0x1040
export const CKM_ECDSA = 0x1041
export const CKM_EC_EDWARDS_KEY_PAIR_GEN = 0x1055
export const CKM_EDDSA = 0x1057
