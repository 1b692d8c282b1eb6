// SPDX-License-Identifier: Apache-2.0

import KernelTables
import NIOCore

#if TLS
  import NIOSSL

  /// The certificates and rules of HTTPS, ready for use.
  struct WebTLS: Sendable {
    static let isBuilt = true

    private let context: NIOSSLContext
    private let clientAuth: TLSSettings.ClientAuth
    private let clientNames: Set<String>?

    /// Reads the certificates.
    ///
    /// - Throws: ``SettingsErrors`` naming the file that is not usable.
    init(_ settings: TLSSettings) throws(SettingsErrors) {
      clientAuth = settings.clientAuth
      clientNames = settings.clientNames
      let chain = try Self.certificates(settings.certificate)
      let key = try Self.reading(settings.key) {
        switch settings.key {
        case .file(let path): try NIOSSLPrivateKey(file: path, format: .pem)
        case .text(let text, _): try NIOSSLPrivateKey(bytes: Array(text.utf8), format: .pem)
        }
      }
      var configuration = TLSConfiguration.makeServerConfiguration(
        certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
      configuration.minimumTLSVersion = Self.version(settings.leastVersion)
      configuration.maximumTLSVersion = Self.version(settings.mostVersion)
      // The library wants one that it knows, and ends the program without. Where all of them are
      // for TLS 1.3, that is the least version too, and these are not used.
      let suites = settings.cipherSuites.filter { $0.versions.lowerBound < .tls13 }
      configuration.cipherSuites = (suites.isEmpty ? CipherSuite.usual : suites)
        .map(\.rawValue).joined(separator: ":")
      configuration.curves = settings.curves?.map(Self.curve)
      configuration.applicationProtocols = ["http/1.1"]
      // Not the system's authorities, which would be read for nothing.
      let trusted = try settings.clientAuthorities.map { source throws(SettingsErrors) in
        try Self.certificates(source)
      }
      configuration.trustRoots = .certificates(trusted ?? [])
      configuration.certificateVerification =
        switch settings.clientAuth {
        case .none: .none
        case .request, .verifyIfGiven: .optionalVerification
        case .requireAny, .require: .noHostnameVerification
        }
      context = try Self.reading(settings.certificate) {
        try NIOSSLContext(configuration: configuration)
      }
    }

    /// Puts encryption behind `handler`, which sees encrypted bytes.
    func add(
      to pipeline: ChannelPipeline.SynchronousOperations, after handler: ConnectionClock
    ) throws {
      try pipeline.addHandler(self.handler, position: .after(handler))
    }

    private var handler: NIOSSLServerHandler {
      let names = clientNames
      switch clientAuth {
      // Any certificate will do: nobody asks who has signed it.
      case .request, .requireAny:
        return NIOSSLServerHandler(
          context: context,
          customVerificationCallback: { chain, promise in
            let isAllowed = names.map { Self.has(chain.first, oneOf: $0) } ?? true
            promise.succeed(isAllowed ? .certificateVerified : .failed)
          })
      case .require where names != nil:
        return ._makeSSLServerHandler(context: context) { certificate, channel in
          names.map { Self.has(certificate, oneOf: $0) } == true
            ? channel.eventLoop.makeSucceededVoidFuture()
            : channel.eventLoop.makeFailedFuture(NIOSSLError.unableToValidateCertificate)
        }
      case .none, .verifyIfGiven, .require: return NIOSSLServerHandler(context: context)
      }
    }

    /// Whether one of the certificate's subject alternative names is among these.
    private static func has(_ certificate: NIOSSLCertificate?, oneOf names: Set<String>) -> Bool {
      guard let certificate else { return false }
      return certificate._subjectAlternativeNames().contains { name in
        switch name.nameType {
        case .dnsName, .email, .uri:
          return names.contains(String(decoding: name.contents, as: UTF8.self))
        case .ipAddress:
          return address(Array(name.contents)).map { names.contains($0) } ?? false
        default: return false
        }
      }
    }

    /// As exporter-toolkit writes it: dotted decimal, or the form of RFC 5952.
    private static func address(_ bytes: [UInt8]) -> String? {
      let words = stride(from: 0, to: bytes.count, by: 4).map { start in
        bytes[start..<min(start + 4, bytes.count)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      }
      switch bytes.count {
      case 4: return IPAddress(ipv4: UInt32(words[0])).description
      case 16:
        return IPAddress(high: words[0] << 32 | words[1], low: words[2] << 32 | words[3])
          .description
      default: return nil
      }
    }

    private static func version(_ version: TLSSettings.Version) -> TLSVersion {
      switch version {
      case .tls10: .tlsv1
      case .tls11: .tlsv11
      case .tls12: .tlsv12
      case .tls13: .tlsv13
      }
    }

    private static func curve(_ curve: TLSSettings.Curve) -> NIOTLSCurve {
      switch curve {
      case .p256: .secp256r1
      case .p384: .secp384r1
      case .p521: .secp521r1
      case .x25519: .x25519
      }
    }

    private static func certificates(
      _ source: TLSSettings.Source
    ) throws(SettingsErrors) -> [NIOSSLCertificate] {
      try reading(source) {
        switch source {
        case .file(let path): try NIOSSLCertificate.fromPEMFile(path)
        case .text(let text, _): try NIOSSLCertificate.fromPEMBytes(Array(text.utf8))
        }
      }
    }

    private static func reading<Value>(
      _ source: TLSSettings.Source, _ body: () throws -> Value
    ) throws(SettingsErrors) -> Value {
      do { return try body() } catch {
        throw SettingsErrors(errors: [
          SettingsError(place: source.place, problem: "not usable for TLS: \(error)")
        ])
      }
    }
  }
#else
  /// A build without TLS has no such thing: no value of this type can be made.
  enum WebTLS: Sendable {
    static let isBuilt = false

    init(_ settings: TLSSettings) throws(SettingsErrors) {
      throw SettingsErrors(errors: [
        SettingsError(place: settings.certificate.place, problem: "this build has no TLS")
      ])
    }

    func add(
      to pipeline: ChannelPipeline.SynchronousOperations, after handler: ConnectionClock
    ) throws {}
  }
#endif
