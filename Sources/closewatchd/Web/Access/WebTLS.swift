// SPDX-License-Identifier: Apache-2.0

import NIOCore

#if TLS
  import NIOSSL

  /// The certificates and rules of HTTPS, ready for use.
  struct WebTLS: Sendable {
    private let context: NIOSSLContext

    /// Reads the certificates.
    ///
    /// - Throws: ``SettingsErrors`` naming the file that is not usable.
    init(_ settings: TLSSettings) throws(SettingsErrors) {
      let chain = try Self.reading(settings.certificateFile) {
        try NIOSSLCertificate.fromPEMFile(settings.certificateFile)
      }
      let key = try Self.reading(settings.keyFile) {
        try NIOSSLPrivateKey(file: settings.keyFile, format: .pem)
      }
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
      configuration.minimumTLSVersion = settings.leastVersion == .tls13 ? .tlsv13 : .tlsv12
      configuration.applicationProtocols = ["http/1.1"]
      if let authorities = settings.clientCAFile {
        let trusted = try Self.reading(authorities) {
          try NIOSSLCertificate.fromPEMFile(authorities)
        }
        configuration.trustRoots = .certificates(trusted)
        configuration.certificateVerification =
          settings.clientAuth == .require ? .noHostnameVerification : .optionalVerification
      }
      context = try Self.reading(settings.certificateFile) {
        try NIOSSLContext(configuration: configuration)
      }
    }

    /// Puts encryption behind `handler`, which sees encrypted bytes.
    func add(
      to pipeline: ChannelPipeline.SynchronousOperations, after handler: ConnectionClock
    ) throws {
      try pipeline.addHandler(NIOSSLServerHandler(context: context), position: .after(handler))
    }

    private static func reading<Value>(
      _ file: String, _ body: () throws -> Value
    ) throws(SettingsErrors) -> Value {
      do { return try body() } catch {
        throw SettingsErrors(errors: [
          SettingsError(place: file, problem: "not usable for TLS: \(error)")
        ])
      }
    }
  }
#else
  /// A build without TLS has no such thing: no value of this type can be made.
  enum WebTLS: Sendable {
    init(_ settings: TLSSettings) throws(SettingsErrors) {
      throw SettingsErrors(errors: [
        SettingsError(place: settings.certificateFile, problem: "this build has no TLS")
      ])
    }

    func add(
      to pipeline: ChannelPipeline.SynchronousOperations, after handler: ConnectionClock
    ) throws {}
  }
#endif
