// SPDX-License-Identifier: Apache-2.0

import NIOCore

#if TLS
  import NIOSSL

  /// Whom to trust at the other end of https.
  struct CollectorTLS: Sendable {
    static let isBuilt = true

    private let context: NIOSSLContext

    /// - Parameter authorities: A file of certificates; empty: those that the system trusts.
    /// - Throws: ``SettingsError`` naming the file that is not usable.
    init(authorities: String) throws(SettingsError) {
      do {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if !authorities.isEmpty {
          configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authorities))
        }
        configuration.applicationProtocols = ["http/1.1"]
        context = try NIOSSLContext(configuration: configuration)
      } catch {
        throw SettingsError(
          place: authorities.isEmpty ? "the system's certificates" : authorities,
          problem: "not usable for TLS: \(error)")
      }
    }

    /// Encrypts what is added after it. The certificate must be for `host`, a name or an address.
    func add(to pipeline: ChannelPipeline.SynchronousOperations, host: String) throws {
      let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
      try pipeline.addHandler(
        NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host))
    }
  }
#else
  /// A build without TLS has no such thing: the only way to make one throws.
  struct CollectorTLS: Sendable {
    static let isBuilt = false

    init(authorities: String) throws(SettingsError) {
      throw SettingsError(place: authorities, problem: "this build has no TLS")
    }

    func add(to pipeline: ChannelPipeline.SynchronousOperations, host: String) throws {}
  }
#endif
