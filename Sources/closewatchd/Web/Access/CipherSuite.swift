// SPDX-License-Identifier: Apache-2.0

/// A cipher suite, by the name that Go and the registry of TLS have for it: those that Go's
/// `tls.CipherSuites()` lists, which are what exporter-toolkit takes.
enum CipherSuite: String, CaseIterable, Sendable {
  case ecdsaAES128GCM = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
  case rsaAES128GCM = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"
  case ecdsaAES256GCM = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
  case rsaAES256GCM = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"
  case ecdsaChaCha20 = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
  case rsaChaCha20 = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
  case ecdsaAES128CBC = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"
  case rsaAES128CBC = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"
  case ecdsaAES256CBC = "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"
  case rsaAES256CBC = "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"
  case tls13AES128GCM = "TLS_AES_128_GCM_SHA256"
  case tls13AES256GCM = "TLS_AES_256_GCM_SHA384"
  case tls13ChaCha20 = "TLS_CHACHA20_POLY1305_SHA256"

  /// Forward secrecy, and encryption that proves what it decrypts.
  static let usual: [CipherSuite] = [
    .ecdsaAES128GCM, .rsaAES128GCM, .ecdsaAES256GCM, .rsaAES256GCM, .ecdsaChaCha20, .rsaChaCha20,
  ]

  /// The versions that have it.
  var versions: ClosedRange<TLSSettings.Version> {
    switch self {
    case .tls13AES128GCM, .tls13AES256GCM, .tls13ChaCha20: .tls13 ... .tls13
    case .ecdsaAES128CBC, .rsaAES128CBC, .ecdsaAES256CBC, .rsaAES256CBC: .tls10 ... .tls12
    default: .tls12 ... .tls12
    }
  }
}
